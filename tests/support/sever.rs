//! A way to a MySQL server that breaks at a command of one's choice.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const HEADER: usize = 4;
const QUERY: u8 = 3;

/// What a client sends.
pub struct Command<'a> {
    /// How many commands its connection sent before it since the last transaction began; `None` outside of one.
    pub place: Option<usize>,
    /// The text of a plain query; empty for anything else.
    pub query: &'a [u8],
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// The command never reaches the server.
    Before,
    /// The server has it, and may be at work on it, when the connection ends.
    Amid,
    /// The server has answered it, and the answer is lost.
    After,
}

type Rule = dyn Fn(&Command<'_>) -> Option<Break> + Send + Sync;

/// Listens, and passes all commands on to `server`, and its answers back, until `rule` breaks the connection. Ends with the runtime.
pub async fn between(
    server: String,
    rule: impl Fn(&Command<'_>) -> Option<Break> + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let rule: Arc<Rule> = Arc::new(rule);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(&server).await else { continue };
            for socket in [&client, &server] {
                socket.set_nodelay(true).expect("it is open");
            }
            let rule = Arc::clone(&rule);
            tokio::spawn(async move { pass(client, server, &*rule).await });
        }
    });
    address
}

/// `None` at the end of either side.
async fn pass(mut client: TcpStream, mut server: TcpStream, rule: &Rule) -> Option<()> {
    let (mut up, mut down) = (Vec::new(), vec![0; 65536]);
    let (mut place, mut silent) = (None, false);
    loop {
        tokio::select! {
            read = client.read_buf(&mut up) => {
                read.ok().filter(|size| *size > 0)?;
                while let Some(packet) = first_packet(&mut up) {
                    let verdict = command(&packet, &mut place).and_then(|command| rule(&command));
                    if verdict == Some(Break::Before) {
                        return None;
                    }
                    server.write_all(&packet).await.ok()?;
                    match verdict {
                        Some(Break::Amid) => return None,
                        Some(Break::After) => silent = true,
                        _ => {}
                    }
                }
            }
            read = server.read(&mut down) => {
                let size = read.ok().filter(|size| *size > 0 && !silent)?;
                client.write_all(&down[..size]).await.ok()?;
            }
        }
    }
}

/// Cuts the first whole packet off what arrived: three bytes of length, one of sequence, and what they announce.
fn first_packet(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    let header = bytes.first_chunk::<HEADER>()?;
    let size = HEADER + u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize;
    if bytes.len() < size {
        return None;
    }
    let rest = bytes.split_off(size);
    Some(std::mem::replace(bytes, rest))
}

/// A packet that begins a sequence is a command, other ones belong to the sign-in.
fn command<'a>(packet: &'a [u8], place: &mut Option<usize>) -> Option<Command<'a>> {
    let (&sequence, payload) = (packet.get(HEADER - 1)?, packet.get(HEADER..)?);
    if sequence != 0 {
        return None;
    }
    let query = payload.strip_prefix(&[QUERY]).unwrap_or_default();
    *place = match (query, *place) {
        (b"START TRANSACTION", _) => Some(0),
        (_, place) => place.map(|before| before + 1),
    };
    let command = Command { place: *place, query };
    if matches!(query, b"COMMIT" | b"ROLLBACK") {
        *place = None;
    }
    Some(command)
}
