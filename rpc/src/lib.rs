//! Multiplexed, batching, deadline-aware RPC over TCP.

#![forbid(unsafe_code)]

mod client;
pub mod codec;
mod connection;
mod context;
pub mod frame;
pub mod greeting;
mod hello;
mod inflight;
mod outbox;
mod secret;
mod server;
mod service;
mod status;
mod sync;
mod table;
mod trace;

pub use self::{
    client::{Client, ClientConfig, Figures},
    codec::{CodecError, Message},
    context::{Context, DEFAULT_TIMEOUT, MAX_TIMEOUT, Trace, TraceError},
    secret::{MIN_SECRET_BYTES, Secret, SecretTooShort},
    server::{Drained, Entry, Registry, Server, ServerConfig},
    service::Method,
    status::{CallError, Executed, MAX_MESSAGE_BYTES, Status},
    table::{MethodInfo, ServiceInfo, Table},
};
