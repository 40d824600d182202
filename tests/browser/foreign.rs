//! A page of somebody else's, open in the browser of somebody who is signed in.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::page::Page;

/// A site with one page, which sends a form to where it was told as soon as it is open.
struct Foreign {
    address: SocketAddr,
    /// The heads of the requests that it got.
    asked: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Foreign {
    async fn start(target: &str) -> Self {
        let page = format!(
            "<!doctype html><title>a lovely picture</title>\
             <form action='{target}' method=post><input name=nickname value=stolen></form>\
             <script>document.forms[0].submit()</script>"
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heads = Arc::clone(&asked);
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 16_384];
                let length = stream.read(&mut head).await.unwrap_or_default();
                heads.lock().unwrap().push(String::from_utf8_lossy(&head[..length]).to_lowercase());
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{page}",
                    page.len()
                );
                // A browser that opens a connection too many is no fault.
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { address, asked, serving }
    }

    fn saw_the_cookie(&self) -> bool {
        self.asked.lock().unwrap().iter().any(|head| head.contains("sessionid="))
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Another port is another origin but the same site: the browser sends the cookie along, and only the server can refuse. Another name for
/// this machine is another site.
pub async fn another_sites_page_cannot_act_for_who_is_signed_in(page: Page) {
    page.sign_in_as_someone_new().await;
    let nickname = page.text("#nickname-text").await;
    let target = page.address().await.join("/api/entrytask/user/update_nickname").unwrap();
    for (host, same_site) in [("127.0.0.1", true), ("localhost", false)] {
        let foreign = Foreign::start(target.as_str()).await;
        page.visit(&format!("http://{host}:{}/", foreign.address.port())).await;
        page.arrives_at(target.path()).await;
        assert_eq!(foreign.saw_the_cookie(), same_site, "{host}");
        page.open("/userInfo.html").await;
        page.see("main[data-state=ready]").await;
        assert_eq!(page.text("#nickname-text").await, nickname, "{host}");
    }
    // The refusals, which are what this is about.
    let console = page.console().await;
    let refused = console.iter().filter(|entry| entry["message"].as_str().is_some_and(|text| text.contains("403")));
    assert_eq!(refused.count(), 2, "{console:?}");
}
