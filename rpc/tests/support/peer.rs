//! A peer that speaks the protocol by hand, from the page in `lib.rs`: for what no well-behaved client or server does.

use std::{net::SocketAddr, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

pub const HELLO: u8 = 1;
pub const CHALLENGE: u8 = 2;
pub const PROOF: u8 = 3;
pub const WELCOME: u8 = 4;
pub const REQUEST: u8 = 5;
pub const RESPONSE: u8 = 6;
pub const CANCEL: u8 = 7;
pub const PING: u8 = 8;
pub const PONG: u8 = 9;
pub const GOAWAY: u8 = 10;

/// Numbers of the methods of the test service, in declared order.
pub const ECHO: u16 = 0;
pub const BYTES: u16 = 1;
pub const HOLD: u16 = 4;

/// A frame as it came.
#[derive(Debug, PartialEq, Eq)]
pub struct Raw {
    pub kind: u8,
    pub flags: u8,
    pub code: u16,
    pub id: u32,
    pub body: Vec<u8>,
}

pub struct Peer(pub TcpStream);

pub fn greeting(version: u16, codec: u16) -> Vec<u8> {
    let mut out = b"tellrpc\n".to_vec();
    out.extend(version.to_le_bytes());
    out.extend(codec.to_le_bytes());
    out.extend((1_u32 << 20).to_le_bytes());
    out.extend(1024_u32.to_le_bytes());
    out.extend(rand::random::<[u8; 32]>());
    out
}

pub fn proof(secret: &[u8], role: &str, hello: &[u8], challenge: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(format!("teller-rpc/1 {role}").as_bytes());
    mac.update(hello);
    mac.update(challenge);
    mac.finalize().into_bytes().to_vec()
}

pub fn frame(kind: u8, flags: u8, code: u16, id: u32, body: &[u8]) -> Vec<u8> {
    let mut out = (body.len() as u32).to_le_bytes().to_vec();
    out.extend([kind, flags]);
    out.extend(code.to_le_bytes());
    out.extend(id.to_le_bytes());
    out.extend(body);
    out
}

pub fn request(method: u16, id: u32, timeout_ms: u32, payload: &[u8]) -> Vec<u8> {
    let mut body = 0_u16.to_le_bytes().to_vec();
    body.extend(method.to_le_bytes());
    body.extend(timeout_ms.to_le_bytes());
    body.extend(payload);
    frame(REQUEST, 0, 0, id, &body)
}

impl Peer {
    pub async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Connects and proves.
    pub async fn welcome(address: SocketAddr) -> Self {
        let mut peer = Self::connect(address).await;
        peer.prove(greeting(1, 1)).await;
        peer
    }

    /// The client's side of a hello that begins with this greeting.
    pub async fn prove(&mut self, hello: Vec<u8>) {
        self.send(&frame(HELLO, 0, 0, 0, &hello)).await;
        let challenge = self.read().await.unwrap();
        assert_eq!(challenge.kind, CHALLENGE);
        self.send(&frame(PROOF, 0, 0, 0, &proof(&super::SECRET, "client", &hello, &challenge.body))).await;
        let welcome = self.read().await.unwrap();
        assert_eq!(welcome.kind, WELCOME);
        assert_eq!(welcome.body[..32], proof(&super::SECRET, "server", &hello, &challenge.body));
    }

    /// The server's side of a hello, for a listener of the test's own; `table` follows the proof.
    pub async fn admit(stream: TcpStream, table: &[u8]) -> Self {
        let mut peer = Self(stream);
        let hello = peer.read().await.unwrap();
        let challenge = greeting(1, 1);
        peer.send(&frame(CHALLENGE, 0, 0, 0, &challenge)).await;
        assert_eq!(peer.read().await.unwrap().kind, PROOF);
        let mut welcome = proof(&super::SECRET, "server", &hello.body, &challenge);
        welcome.extend(table);
        peer.send(&frame(WELCOME, 0, 0, 0, &welcome)).await;
        peer
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The next frame, or `None` at the end of the stream (a reset is one too).
    pub async fn read(&mut self) -> Option<Raw> {
        timeout(Duration::from_secs(10), self.read_now()).await.expect("a frame or the end within 10 s")
    }

    async fn read_now(&mut self) -> Option<Raw> {
        let mut header = [0; 12];
        self.0.read_exact(&mut header).await.ok()?;
        let mut body = vec![0; u32::from_le_bytes(header[..4].try_into().unwrap()) as usize];
        self.0.read_exact(&mut body).await.ok()?;
        Some(Raw {
            kind: header[4],
            flags: header[5],
            code: u16::from_le_bytes(header[6..8].try_into().unwrap()),
            id: u32::from_le_bytes(header[8..].try_into().unwrap()),
            body,
        })
    }

    /// Reads to the end and returns the code of the GOAWAY that came, if one did.
    pub async fn end(&mut self) -> Option<u16> {
        let mut code = None;
        while let Some(frame) = self.read().await {
            if frame.kind == GOAWAY {
                code = Some(frame.code);
            }
        }
        code
    }
}

/// The table of the test service as WELCOME carries it, for servers played by hand.
pub fn table(methods: &[(&str, bool)]) -> Vec<u8> {
    let mut out = vec![1, 0, 4];
    out.extend(b"test");
    out.extend((methods.len() as u16).to_le_bytes());
    for (name, idempotent) in methods {
        out.push(name.len() as u8);
        out.extend(name.as_bytes());
        out.push((*idempotent).into());
    }
    out
}
