//! What all stories share: one runtime, one server, one chromedriver. They start with the first story that needs them
//! and end with the stage.

use std::{any::Any, sync::OnceLock};

use teller::gateway::simulated::Faults;
use tokio::runtime::Runtime;

use super::{
    chromium::{self, Driver, Window},
    page::Page,
};
use crate::support::{engine::Engine, gateway::Gateway, program::Program};

#[derive(Default)]
pub struct Stage(OnceLock<Result<Set, String>>);

struct Set {
    driver: Driver,
    program: Program,
    /// Declines nothing.
    _gateway: Gateway,
    // Last, so that what runs on it is dropped first.
    runtime: Runtime,
}

/// Why no story can be played here, if so.
pub fn missing() -> Option<String> {
    chromium::missing()
}

impl Stage {
    /// Plays one story in a browser of its own. Answers why it failed.
    pub fn play<S, F>(&self, window: Window, story: S) -> Result<(), String>
    where
        S: FnOnce(Page) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        let set = self.0.get_or_init(set_up).as_ref().map_err(String::clone)?;
        set.runtime.block_on(async {
            let profile = tempfile::tempdir().map_err(|error| error.to_string())?;
            let client = set.driver.open(window, profile.path()).await?;
            let page = Page::new(client, &format!("http://{}", set.program.http()));
            // A task of its own, so that a failed assertion does not keep the browser from being closed.
            let told = tokio::spawn(story(page.clone())).await;
            let console = page.console().await;
            page.close().await;
            told.map_err(|panic| panic.try_into_panic().map_or("cancelled".into(), |cause| text_of(&*cause)))?;
            if console.is_empty() { Ok(()) } else { Err(format!("the browser's console holds {console:#?}")) }
        })
    }
}

fn set_up() -> Result<Set, String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let start = async {
        let driver = Driver::start().await?;
        let gateway = Gateway::start(Faults::none()).await;
        let engine = Engine::embedded().with("TELLER_PAYMENT_GATEWAY_URL", gateway.url());
        Ok::<_, String>((driver, Program::start(&engine).await, gateway))
    };
    let (driver, program, _gateway) = runtime.block_on(start)?;
    Ok(Set { driver, program, _gateway, runtime })
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a text").to_owned()
}
