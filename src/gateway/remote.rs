//! A gateway elsewhere, spoken to over HTTP: one connection for each request, a bounded answer, and a time-out for all of it.

use std::fmt::Display;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::wire::{self, State};
use super::{Fate, Gateway, Order, RefundOrder, Verdict};
use crate::domain::payment::OrderId;
use crate::domain::transfer::TransferId;

/// A gateway at `host:port`.
#[derive(Clone, Debug)]
pub struct Remote {
    address: String,
    timeout: Duration,
}

/// Why there is no answer.
enum Lost {
    /// Nothing was sent.
    Unsent(String),
    /// It may have arrived.
    Unanswered(String),
}

impl Remote {
    /// A gateway at `address` (`host:port`), given up on after `timeout`.
    pub fn new(address: impl Into<String>, timeout: Duration) -> Self {
        Self { address: address.into(), timeout }
    }

    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<State, Lost> {
        let connect = tokio::time::timeout(self.timeout, TcpStream::connect(&self.address)).await;
        let stream = match connect {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Lost::Unsent(error.to_string())),
            Err(_) => return Err(Lost::Unsent("it did not answer in time".to_owned())),
        };
        let exchange = self.exchange(stream, method, path, body);
        let answer = tokio::time::timeout(self.timeout, exchange).await;
        answer.unwrap_or_else(|_| Err("it did not answer in time".to_owned())).map_err(Lost::Unanswered)
    }

    async fn exchange(&self, stream: TcpStream, method: Method, path: &str, body: Vec<u8>) -> Result<State, String> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.address)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(text)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
        let answer = async {
            let response = sender.send_request(request).await.map_err(text)?;
            let good = response.status().is_success();
            let body = Limited::new(response.into_body(), wire::MAX_BYTES).collect().await.map_err(text)?.to_bytes();
            if !good {
                return Err(format!("it refused: {}", String::from_utf8_lossy(&body[..body.len().min(200)])));
            }
            serde_json::from_slice(&body).map_err(text)
        };
        // Nothing else reads or writes the connection. Once it has ended the answer is there, or was lost.
        let driving = async {
            let _ = connection.await;
            std::future::pending().await
        };
        tokio::select! {
            answer = answer => answer,
            never = driving => never,
        }
    }
}

impl Gateway for Remote {
    async fn charge(&self, order: &Order) -> Verdict {
        let body = wire::Charge {
            order_id: order.id.to_string(),
            amount: order.amount.in_major(order.asset),
            currency: order.asset.to_string(),
        };
        let body = serde_json::to_vec(&body).expect("three texts are JSON");
        match self.ask(Method::POST, "/charges", body).await {
            Ok(state) => verdict(state),
            // Nobody but this call ever sends the order.
            Err(Lost::Unsent(why)) => {
                tracing::warn!(order = %order.id, why, "the gateway cannot be reached, and was asked nothing");
                Verdict::Declined { reason: "the payment gateway cannot be reached".to_owned() }
            }
            Err(Lost::Unanswered(why)) => Verdict::Unknown { why },
        }
    }

    async fn find(&self, order: &OrderId) -> Fate {
        fate(self.ask(Method::GET, &format!("/charges/{order}"), Vec::new()).await)
    }

    async fn cancel(&self, order: &OrderId) -> Verdict {
        settled(self.ask(Method::POST, &format!("/charges/{order}/cancel"), Vec::new()).await)
    }

    async fn refund(&self, refund: &RefundOrder) -> Verdict {
        let body = wire::Refund {
            refund_id: refund.id.to_string(),
            order_id: refund.charge.to_string(),
            amount: refund.amount.in_major(refund.asset),
            currency: refund.asset.to_string(),
        };
        let body = serde_json::to_vec(&body).expect("four texts are JSON");
        // One that never left may be sent again by whoever takes it up: that it did not arrive says nothing for good.
        settled(self.ask(Method::POST, "/refunds", body).await)
    }

    async fn find_refund(&self, refund: TransferId) -> Fate {
        fate(self.ask(Method::GET, &format!("/refunds/{refund}"), Vec::new()).await)
    }
}

fn fate(answer: Result<State, Lost>) -> Fate {
    match answer {
        Ok(State::Unknown) => Fate::NeverSeen,
        Ok(state) => Fate::Known(verdict(state)),
        Err(Lost::Unsent(why) | Lost::Unanswered(why)) => Fate::Known(Verdict::Unknown { why }),
    }
}

fn settled(answer: Result<State, Lost>) -> Verdict {
    match answer {
        Ok(state) => verdict(state),
        Err(Lost::Unsent(why) | Lost::Unanswered(why)) => Verdict::Unknown { why },
    }
}

fn verdict(state: State) -> Verdict {
    match state {
        State::Charged { reference } | State::Refunded { reference } => Verdict::Done { reference },
        State::Declined { reason } => Verdict::Declined { reason },
        State::Cancelled => Verdict::Declined { reason: "the order was cancelled".to_owned() },
        State::Unknown => Verdict::Unknown { why: "it says that it does not know of it".to_owned() },
        // Nothing was done for this amount, and nothing ever will be under this id.
        State::Conflict => Verdict::Declined { reason: "the gateway knows it with another amount".to_owned() },
    }
}

fn text(error: impl Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::{Remote, State, verdict};
    use crate::domain::asset::Asset;
    use crate::domain::money::Amount;
    use crate::domain::payment::OrderId;
    use crate::gateway::{Fate, Gateway, Order, RefundOrder, Verdict};

    #[tokio::test]
    async fn an_order_that_never_left_is_declined_and_nothing_else_is() {
        let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = free.local_addr().expect("bound").to_string();
        drop(free);
        let remote = Remote::new(address, Duration::from_secs(5));
        let (amount, asset) = (Amount::new(1).expect("small"), Asset::parse("CNY").expect("a currency"));
        let order = Order { id: OrderId::parse("PAY_0123456789ABCDEF").expect("an order"), amount, asset };
        assert!(matches!(remote.charge(&order).await, Verdict::Declined { .. }));
        // Another call may have sent it.
        assert!(matches!(remote.find(&order.id).await, Fate::Known(Verdict::Unknown { .. })));
        assert!(matches!(remote.cancel(&order.id).await, Verdict::Unknown { .. }));
    }

    #[test]
    fn an_order_that_is_known_with_another_amount_was_not_charged() {
        assert!(matches!(verdict(State::Conflict), Verdict::Declined { .. }));
    }
}
