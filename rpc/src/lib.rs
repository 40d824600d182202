//! Multiplexed, batching, deadline-aware RPC over TCP: length-prefixed frames, bincode payloads, many calls on one
//! connection.
//!
//! Declare a service once with [`service!`]; implement its trait and hand it to a [`Server`]; call it through the typed
//! client. See `examples/echo_server.rs` and `echo_client.rs`; `failover.rs` stops a backend under load.
//!
//! Handlers can have [layers](layer) around them. Clients need none: time-outs and traces are in [`Context`], limits in
//! [`ClientConfig`], figures in [`Client::figures`]; and a call ends in a [`CallError`], which no layer of a server knows.
//!
//! # The protocol, version 1
//!
//! Everything a peer in another language needs. All integers are little endian. "Client" is the side that dialled.
//!
//! ## Frames
//!
//! A connection is a stream of frames in both directions. Each is a header of 12 bytes and then `len` bytes of body:
//!
//! ```text
//!  0      4      5       6       8       12
//! | len u32 | kind u8 | flags u8 | code u16 | id u32 | body: len bytes |
//! ```
//!
//! | kind | name | from | flags | code | id | body |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | 1 | HELLO | client | 0 | 0 | 0 | greeting, 52 bytes |
//! | 2 | CHALLENGE | server | 0 | 0 | 0 | greeting, 52 bytes |
//! | 3 | PROOF | client | 0 | 0 | 0 | client's proof, 32 bytes |
//! | 4 | WELCOME | server | 0 | 0 | 0 | server's proof, 32 bytes, then the method table |
//! | 5 | REQUEST | client | 1 TRACE, 2 RETRY | 0 | the call's | head, then payload |
//! | 6 | RESPONSE | server | 1 NOT_EXECUTED | status | the call's | payload if the status is 0, else UTF-8 text |
//! | 7 | CANCEL | client | 0 | 0 | the call's | empty |
//! | 8 | PING | both | 0 | 0 | any | ignored |
//! | 9 | PONG | both | 0 | 0 | that of the PING | ignored |
//! | 10 | GOAWAY | both | 0 | reason | 0 | UTF-8 text |
//!
//! Send 0 where the table says 0 (`code` and `id` are not checked there; flag bits not named for a kind are). Any of
//! these ends the connection: an unknown kind, an unknown flag, `len` over the receiver's limit, a kind from the wrong
//! side or out of turn, a REQUEST whose body ends inside its head, a frame that is not complete 10 s (by default) after
//! its first byte. The side that minds sends GOAWAY with the reason if it can, and closes. Frames need not be aligned with
//! writes or packets: many may arrive at once, and one in many parts.
//!
//! | when | the client may send | the server may send |
//! | --- | --- | --- |
//! | connected | HELLO, once | GOAWAY |
//! | HELLO was sent | nothing until CHALLENGE has come, then PROOF, once | CHALLENGE, once, then WELCOME, once; GOAWAY |
//! | WELCOME was sent | REQUEST, CANCEL, PING, PONG for a PING, GOAWAY | RESPONSE for a REQUEST, PING, PONG for a PING, GOAWAY |
//! | GOAWAY was sent by the server | CANCEL, PING, PONG; a REQUEST is answered DRAINING | as before |
//!
//! The end of the stream in one direction ends the connection in both: running calls are cancelled, and what was not yet
//! answered is not answered. Close only when all answers are in.
//!
//! ## Hello
//!
//! ```text
//! client                                   server
//!   HELLO      greeting C            ->
//!                                    <-    CHALLENGE  greeting S
//!   PROOF      proof of the client   ->
//!                                    <-    WELCOME    proof of the server, method table
//! ```
//!
//! The whole exchange has 2 s by default on the server and the client's connect time-out on the client. Frame bodies in
//! it are limited to 1,024 bytes towards the server and 65,568 towards the client. Either side may answer with GOAWAY
//! instead, and close. No request may be sent before WELCOME has been read: its table is needed to write one.
//!
//! A greeting is 52 bytes:
//!
//! | at | bytes | what |
//! | --- | --- | --- |
//! | 0 | 8 | magic: `74 65 6c 6c 72 70 63 0a`, ASCII `tellrpc` and a line feed |
//! | 8 | 2 | version: 1 |
//! | 10 | 2 | codec: 1, bincode as below |
//! | 12 | 4 | largest frame body that the sender accepts after the hello, at least 64 (here 4 MiB by default, 16 MiB at most) |
//! | 16 | 4 | requests in flight: what the server allows, what the client means to use; at least 1; the smaller one holds |
//! | 20 | 32 | nonce: fresh random bytes, never used before |
//!
//! A HELLO that accepts 4 MiB and means to use 1,024 calls is
//!
//! ```text
//! 34 00 00 00 | 01 | 00 | 00 00 | 00 00 00 00 | 74 65 6c 6c 72 70 63 0a | 01 00 | 01 00 | 00 00 40 00 | 00 04 00 00 | nonce
//! ```
//!
//! Both sides hold a shared secret of at least 16 bytes. Where it is kept as text, in hexadecimal digits say, the bytes of
//! the text are the secret: nothing is decoded, and white space at its ends does not count. With `|` for concatenation and the two greetings exactly as they
//! were sent, the proofs are
//!
//! ```text
//! proof of the client = HMAC-SHA-256(key = secret, "teller-rpc/1 client" | greeting C | greeting S)
//! proof of the server = HMAC-SHA-256(key = secret, "teller-rpc/1 server" | greeting C | greeting S)
//! ```
//!
//! with labels of 19 ASCII bytes and no terminator. Compare in constant time. Test vector: secret `0123456789abcdef` (16
//! ASCII bytes), 52 bytes of `00` for C, 52 bytes of `01` for S give
//!
//! ```text
//! client  73ec8561f16ce33bc583f11e3438f949d119b66049cf1dabbf68b331ea8ea5a1
//! server  51d78269775863eb634e68af7a4962100c6c93078358eef2cd003f1ae3e35a2c
//! ```
//!
//! The client proves first and the server discloses nothing before: neither its table nor bytes to guess the secret
//! against. Nothing is encrypted: leave loopback only within TLS.
//!
//! ## TLS
//!
//! A server that speaks TLS speaks nothing else on its port, version 1.3 alone, and begins with its handshake, which is part of
//! the hello's time. Both sides show a certificate. The client's must be good for clients, the server's for servers and name
//! the host that was dialled; each side chooses the authorities that it trusts. The protocol name (ALPN) is `teller-rpc/1`. There
//! are no resumed sessions and no early data. All of the above follows inside, the same to the byte, the secret included. A server
//! with too many connections closes without GOAWAY.
//!
//! The method table follows the server's proof in WELCOME, at most 65,536 bytes:
//!
//! ```text
//! services u16, then for each:  name length u8 | name UTF-8 | methods u16, then for each:
//!                               name length u8 | name UTF-8 | flags u8 (bit 0: idempotent)
//! ```
//!
//! A service's number is its place in the table from 0, a method's number its place within its service. Both hold for this
//! connection: the next may lead to a server of another version, so look names up anew. Other flag bits are 0 today and
//! mean nothing. The table of one service `echo` with one idempotent method `say` is
//!
//! ```text
//! 01 00 | 04 65 63 68 6f | 01 00 | 03 73 61 79 01
//! ```
//!
//! ## Calls
//!
//! A REQUEST's body is
//!
//! ```text
//! service u16 | method u16 | timeout in ms u32 | with flag TRACE: 25 bytes of trace context | payload
//! ```
//!
//! The time-out is what the caller will still wait, counted by the server from the arrival; 0 has passed already; more
//! than an hour counts as an hour. It keeps the server from beginning what nobody waits for; a caller who stops waiting
//! for a call that has begun sends CANCEL. The trace context is W3C `traceparent` 00 in binary: trace id 16 bytes, span id 8,
//! flags 1. RETRY says that the same call was sent before; whoever serves it does not retry its own calls.
//!
//! The id is any number that no call in flight on this connection has: counting up will do. Ids may be used again once
//! their RESPONSE has been read, and not before, also after a CANCEL. (This crate's client counts a generation in the upper
//! 16 bits and has the place in its table of calls in the lower 16; a server sees nothing in an id but a number.) **Every REQUEST gets exactly one RESPONSE**, in whatever order, also when it was cancelled; one more that
//! was not asked for is a fault, which a client drops. An id in use again is a protocol error.
//!
//! CANCEL says that nobody waits for a call any more: the server drops the handler's future and answers, usually with
//! CANCELLED; until then the call counts as in flight. A CANCEL for a call that has been answered means nothing. A
//! connection on which nothing but cancels happens (16,384 in a row by default) is told to go away.
//!
//! A server takes no more requests than its greeting says are in flight at once on the connection, nor more than its own
//! limit over all connections: what exceeds these is answered REJECTED at once. It also stops reading from a connection
//! while more than 1 MiB (by default) of answers wait to be written on it: a client must read while it writes. Of the
//! responses that are done meanwhile 64 MiB (by default) are kept, others dropped and answered RESPONSE_TOO_LARGE. A
//! request is not started if its deadline passed while it waited.
//!
//! | status | name | executed | meaning |
//! | --- | --- | --- | --- |
//! | 0 | OK | yes | the body is the response |
//! | 1 | INTERNAL | yes | the handler panicked or broke a promise of its own |
//! | 2 | REJECTED | no | over a limit of requests in flight |
//! | 3 | DRAINING | no | the server is stopping |
//! | 4 | DEADLINE_EXCEEDED | no, or perhaps | the time-out had passed before the work began; without NOT_EXECUTED: the server has stopped it |
//! | 5 | CANCELLED | perhaps | taken back by the caller, or by the end of a stopping server's grace |
//! | 6 | UNKNOWN_SERVICE | no | no service of this number |
//! | 7 | UNKNOWN_METHOD | no | the service has no method of this number |
//! | 8 | INVALID_REQUEST | no | the payload is no such request |
//! | 9 | RESPONSE_TOO_LARGE | yes | the response is over what the client accepts, or the client does not read and too much waits for it |
//! | 10..=255 | | | reserved |
//! | 256.. | | yes | the application's own |
//!
//! The flag NOT_EXECUTED on a RESPONSE proves that no handler was started; it, and not the status, decides (CANCELLED may
//! carry it too): such a call may be sent again, whatever its method. The text (at most 1,024 bytes) is for people.
//!
//! Retries are the client's affair: of what was proven not executed any call may be sent again; of what may have been
//! executed, because its connection was lost, only a method with the idempotent flag; after DEADLINE_EXCEEDED, CANCELLED and
//! statuses from 256 none. This crate's client tries three times at most, and retries at most a tenth of its calls.
//!
//! ## Life and end of a connection
//!
//! PING is answered by PONG with the same id, which may be left out while 1 MiB (by default) of output waits: that is sign
//! of life enough. A PONG that nobody asked for means nothing. Each side looks every 3 s (by default) whether any byte has
//! come since the last look: if none, it pings; if none at the next look either, it closes. A peer that takes no byte
//! between two looks, and none before the next, is given up as well. So a peer that is gone is found within 9 s.
//!
//! GOAWAY from a server means: no request that arrives from now on is executed (each is answered DRAINING); running ones
//! finish. The client sends no more, reads the answers it is owed, and closes. A server that stops waits for that no
//! longer than its grace, then cancels what still runs, answers CANCELLED, and closes. GOAWAY from a client is a courtesy.
//!
//! | reason | name | meaning |
//! | --- | --- | --- |
//! | 3 | DRAINING | the server is stopping |
//! | 32 | CLOSING | an orderly end |
//! | 33 | UNAUTHENTICATED | the proof is wrong |
//! | 34 | UNSUPPORTED_VERSION | the greeting's version is not spoken |
//! | 35 | UNSUPPORTED_CODEC | nor its codec |
//! | 36 | PROTOCOL | bytes that are no frame, or a frame out of turn |
//! | 37 | FRAME_TOO_LARGE | `len` is over the limit |
//! | 38 | TIMED_OUT | half a frame, and the rest not in time |
//! | 39 | TOO_MANY_CONNECTIONS | sent at once after accept |
//! | 40 | CANCEL_FLOOD | everything is cancelled and nothing finishes |
//!
//! A call whose connection ended before its RESPONSE came may or may not have been executed.
//!
//! ## Payloads
//!
//! Codec 1 is bincode 2 in its standard configuration (little endian, variable-length integers), through serde. The bytes
//! follow the declared type; there are no names and no type marks; what is left over after the value is an error. Types and
//! their rules are the services' own: a type that is declared to travel as another, as checked names travel as `String`, has
//! that one's bytes.
//!
//! | type | bytes |
//! | --- | --- |
//! | `u8`, `i8` | the byte |
//! | `u16` to `u128`, `usize` | below 251 the byte itself; else `fb` and 2 bytes, `fc` and 4, `fd` and 8, `fe` and 16: the shortest that holds it |
//! | `i16` to `i128`, `isize` | as the unsigned number 2n for n >= 0, -2n - 1 for n < 0 |
//! | `bool` | `00` or `01` |
//! | `f32`, `f64` | IEEE 754, 4 or 8 bytes, little endian |
//! | `char` | its UTF-8 bytes |
//! | `String`, bytes, `Vec<T>`, maps | number of bytes, elements or pairs as a `u64` (so variable-length), then these |
//! | `[T; N]`, tuples, structs | the elements or fields in declared order, nothing else; a struct of one field is that field |
//! | `()` | nothing |
//! | `Option<T>` | `00`, or `01` and the value |
//! | `enum` | the variant's number from 0 as a `u32` (below 251 one byte), then its fields |
//! | `Result<T, E>` | `00` and T, or `01` and E |
//!
//! Write the shortest form of an integer. A payload whose lengths promise more than 16 times what a payload of its size
//! class (4 KiB, 256 KiB, 16 MiB) has room for is INVALID_REQUEST, whatever else is in it.
//!
//! The struct `{ id: u64 = 300, name: String = "alice", tags: Vec<u32> = [1, 251, 70000], note: Option<bool> = Some(true),
//! outcome: Result<i64, u8> = Err(9), amount: i128 = -2 }` is
//!
//! ```text
//! fb 2c 01 | 05 61 6c 69 63 65 | 03 01 fb fb 00 fc 70 11 01 00 | 01 01 | 01 09 | 03
//! ```
//!
//! and a call of method 1 of service 0 with the string `alice`, 2000 ms and id 7, and its answer `Ok(300_u64)`, are
//!
//! ```text
//! 0e 00 00 00 | 05 | 00 | 00 00 | 07 00 00 00 | 00 00 | 01 00 | d0 07 00 00 | 05 61 6c 69 63 65
//! 04 00 00 00 | 06 | 00 | 00 00 | 07 00 00 00 | 00 fb 2c 01
//! ```
//!
//! The same call taken back, its refusal by a full server with the text `full`, and a PING with id 1 and its PONG are
//!
//! ```text
//! 00 00 00 00 | 07 | 00 | 00 00 | 07 00 00 00
//! 04 00 00 00 | 06 | 01 | 02 00 | 07 00 00 00 | 66 75 6c 6c
//! 00 00 00 00 | 08 | 00 | 00 00 | 01 00 00 00
//! 00 00 00 00 | 09 | 00 | 00 00 | 01 00 00 00
//! ```
//!
//! # The map
//!
//! Bytes: [`frame`], [`codec`], [`greeting`], `trace`, `table`, `secret`. Words: `status`, `context`, `cancellation`,
//! `service`. The machine: `inflight`, `inbox` and `outbox` (what a connection holds), `hello` and `connection` (how it
//! begins, lives and ends), `client` and `server` (what each side makes of it), [`layer`] (what may stand around
//! handlers), `figures` (what all of it counts), `tls` (what stands around connections that leave the machine). For tests: `sync` and `net` (what loom and a simulated network take the
//! place of), `fuzz` (what holds for any bytes).

#![forbid(unsafe_code)]

pub mod codec;
pub mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod greeting;

mod cancellation;
mod client;
mod connection;
mod context;
mod figures;
mod hello;
mod inbox;
mod inflight;
mod net;
mod outbox;
mod secret;
mod server;
mod service;
mod status;
mod sync;
mod table;
#[cfg(feature = "tls")]
pub mod tls;
mod trace;

pub use self::server::layer;
pub use self::{
    client::{Client, ClientConfig, Resolver},
    codec::{CodecError, Message},
    context::{Context, DEFAULT_TIMEOUT, MAX_TIMEOUT, Trace, TraceError},
    figures::{ConnectionFigures, Figures},
    secret::{MIN_SECRET_BYTES, Secret, SecretTooShort},
    server::{Drained, Entry, Registry, Server, ServerConfig, Watch},
    service::{Method, MethodVisitor},
    status::{CallError, Executed, MAX_MESSAGE_BYTES, Status},
    table::{MethodInfo, ServiceInfo, Table},
};
