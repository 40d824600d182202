//! The life of connections: where they lead, when they are replaced, and in what order.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use support::{
    Client, Running,
    peer::{self, Peer},
    secret, soon,
};
use teller_rpc::{CallError, Client as Handle, ClientConfig, Resolver, Status};
use tokio::net::TcpListener;

/// A name that leads where the test says, and how often it was looked up.
#[derive(Clone, Default)]
struct Name {
    leads_to: Arc<Mutex<Vec<SocketAddr>>>,
    lookups: Arc<AtomicUsize>,
}

impl Name {
    fn of(address: SocketAddr) -> Self {
        let name = Self::default();
        name.moves_to(&[address]);
        name
    }

    fn moves_to(&self, addresses: &[SocketAddr]) {
        *self.leads_to.lock().unwrap() = addresses.to_vec();
    }

    fn client(&self, change: impl FnOnce(&mut ClientConfig)) -> Handle {
        let mut config = ClientConfig::new(secret());
        let name = self.clone();
        config.resolver = Resolver::from_fn(move |asked| {
            assert_eq!(asked, "the ledger");
            name.lookups.fetch_add(1, Ordering::SeqCst);
            Ok(name.leads_to.lock().unwrap().clone())
        });
        change(&mut config);
        Handle::new(vec!["the ledger".into()], config)
    }
}

fn peers(handle: &Handle) -> BTreeSet<SocketAddr> {
    handle.connections().iter().map(|connection| connection.peer).collect()
}

#[tokio::test]
async fn a_backend_that_has_moved_is_found_by_the_next_dial() {
    let (first, second) = (Running::start().await, Running::start().await);
    let name = Name::of(first.address);
    let handle = name.client(|_| {});
    let client = Client::new(handle.clone());
    client.echo(&soon(), &"here".to_string()).await.unwrap();
    client.echo(&soon(), &"again".to_string()).await.unwrap();
    assert_eq!((name.lookups.load(Ordering::SeqCst), peers(&handle)), (1, [first.address].into()));
    name.moves_to(&[second.address]);
    first.crash().await;
    client.echo(&soon(), &"there".to_string()).await.unwrap();
    assert_eq!((name.lookups.load(Ordering::SeqCst), peers(&handle)), (2, [second.address].into()));
}

#[tokio::test]
async fn of_several_addresses_the_first_that_answers_is_used() {
    let (down, up) = (Running::start().await, Running::start().await);
    let name = Name::default();
    name.moves_to(&[down.address, up.address]);
    down.crash().await;
    let handle = name.client(|_| {});
    Client::new(handle.clone()).echo(&soon(), &"found".to_string()).await.unwrap();
    assert_eq!(peers(&handle), [up.address].into());
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_an_unavailable_backend() {
    let handle = Name::default().client(|config| config.patience = Duration::ZERO);
    let error = Client::new(handle).echo(&soon(), &String::new()).await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn an_old_connection_is_replaced_by_one_to_where_the_name_leads_now() {
    let (first, second) = (Running::start().await, Running::start().await);
    let name = Name::of(first.address);
    let handle = name.client(|config| {
        config.keepalive = Duration::from_millis(20);
        config.max_age = Duration::from_millis(40);
    });
    let client = Client::new(handle.clone());
    client.echo(&soon(), &"here".to_string()).await.unwrap();
    name.moves_to(&[second.address]);
    while peers(&handle) != [second.address].into() {
        client.echo(&soon(), &"on the way".to_string()).await.unwrap();
    }
}

#[tokio::test]
async fn a_successor_is_dialled_before_a_draining_connection_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let handle = support::client_of(&[listener.local_addr().unwrap()], |config| config.max_connections = 1);
    let table = peer::table(&[("echo", true), ("hold", false)]);
    let call = |text: &str| {
        let (client, text) = (Client::new(handle.clone()), text.to_owned());
        tokio::spawn(async move { client.echo(&soon(), &text).await })
    };
    let first_call = call("first");
    let mut draining = Peer::admit(listener.accept().await.unwrap().0, &table).await;
    let first = draining.read().await.unwrap();
    draining.send(&peer::frame(peer::GOAWAY, 0, Status::DRAINING, 0, b"")).await;
    // Nobody has called since, and the first call is not answered: the successor comes all the same.
    let mut successor = Peer::admit(listener.accept().await.unwrap().0, &table).await;
    let second_call = call("second");
    let second = successor.read().await.unwrap();
    successor.send(&peer::frame(peer::RESPONSE, 0, 0, second.id, &second.body[8..])).await;
    assert_eq!(second_call.await.unwrap().unwrap(), "second");
    assert_eq!(handle.figures().connections, 2);
    draining.send(&peer::frame(peer::RESPONSE, 0, 0, first.id, &first.body[8..])).await;
    assert_eq!(first_call.await.unwrap().unwrap(), "first");
    assert_eq!(draining.read().await, None, "left once it has nothing more to bring");
    assert_eq!(handle.figures().connections, 1);
}
