//! `teller gateway-sim`: a payment gateway to try things out with.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Instant;

use clap::Args;

use super::failure::Failure;
use super::run::once;
use super::{print, signals};
use crate::app;
use crate::gateway::simulated::Faults;

/// Run a simulated payment gateway, with a ledger of its own
///
/// It charges each order once and remembers every one. How it misbehaves can be changed while it runs: PUT /faults. GET /ledger shows what it
/// has charged. Several backends need one gateway between them: give each its address with payment.gateway_url.
#[derive(Args)]
pub struct Gateway {
    /// Where backends reach it; port 0 picks one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7300")]
    listen: SocketAddr,
    /// The folder for its ledger, gateway.jsonl
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Milliseconds until a charge is decided, at random in this range
    #[arg(long, value_name = "FROM-TO", default_value = "100-500", value_parser = range)]
    latency_ms: [u64; 2],
    /// Milliseconds from then on until it is answered
    #[arg(long, value_name = "MS", default_value_t = 0)]
    answer_latency_ms: u64,
    /// How many orders are declined, from 0 to 1
    #[arg(long, value_name = "RATE", default_value_t = 0.05)]
    failure_rate: f64,
    /// How many charges are never answered, from 0 to 1
    #[arg(long, value_name = "RATE", default_value_t = 0.0)]
    lost_answer_rate: f64,
    /// How many charges are delivered twice, from 0 to 1
    #[arg(long, value_name = "RATE", default_value_t = 0.0)]
    duplicate_rate: f64,
}

impl Gateway {
    /// Runs until told to stop.
    pub fn execute(self) -> Result<(), Failure> {
        let faults = Faults {
            latency_ms: self.latency_ms,
            answer_latency_ms: self.answer_latency_ms,
            failure_rate: self.failure_rate,
            lost_answer_rate: self.lost_answer_rate,
            duplicate_rate: self.duplicate_rate,
            lost_question_rate: 0.0,
        };
        faults.check().map_err(|wrong| Failure::in_usage(wrong, "teller gateway-sim --help says what they mean"))?;
        let stop = signals::stop().map_err(Failure::at_run_time)?;
        once(run(self.listen, &self.data, faults, stop))?
    }
}

async fn run(listen: SocketAddr, data: &Path, faults: Faults, stop: impl Future<Output = ()>) -> Result<(), Failure> {
    let began = Instant::now();
    let gateway = app::gateway::start(listen, data, faults).await?;
    let ledger = app::gateway::ledger(data);
    print(&format!(
        "gateway   http://{}/\nledger    {}\nready in {} ms\n",
        gateway.address,
        ledger.display(),
        began.elapsed().as_millis()
    ))?;
    pin!(stop).await;
    Ok(())
}

/// `FROM-TO`, or one number for both.
fn range(text: &str) -> Result<[u64; 2], String> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.parse().map_err(|_| "must be like 100-500".to_owned());
    Ok([number(from)?, number(to)?])
}
