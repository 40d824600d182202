//! A simulated payment gateway of the test's own, whose ledger can be read.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use serde_json::Value;
use teller::gateway::simulated::{Book, Faults, serve};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::http::fetch;

/// A gateway, running in this process.
pub struct Gateway {
    /// Where it is.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Gateway {
    /// Starts one.
    pub async fn start(faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        Self { address, task: tokio::spawn(serve(listener, Book::in_memory(), faults)) }
    }

    /// For `payment.gateway_url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it misbehaves like this.
    pub async fn misbehave(&self, faults: &Faults) {
        let body = serde_json::to_vec(faults).expect("numbers are JSON");
        let request = Request::put("/faults").header("host", "gateway").body(Full::new(Bytes::from(body)));
        assert!(fetch(self.address, request.expect("a request")).await.status.is_success());
    }

    /// All orders.
    pub async fn orders(&self) -> Vec<Value> {
        let request = Request::get("/ledger").header("host", "gateway").body(Full::default());
        let reply = fetch(self.address, request.expect("a request")).await;
        reply.json().as_array().expect("a list").clone()
    }

    /// The orders that are charged: their ids and amounts.
    pub async fn charged(&self) -> Vec<(String, String)> {
        self.with_status("charged").await
    }

    /// The refunds that are given back: their ids and amounts.
    pub async fn refunded(&self) -> Vec<(String, String)> {
        self.with_status("refunded").await
    }

    async fn with_status(&self, status: &str) -> Vec<(String, String)> {
        let orders = self.orders().await;
        let charged = orders.iter().filter(|order| order["status"] == status);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        charged.map(|order| (text(&order["order_id"]), text(&order["amount"]))).collect()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}
