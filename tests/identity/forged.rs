//! Tokens that were not made here, on every way in.

use teller::api::Refusal;
use teller::client::{self, Client, Secret};
use teller::domain::caller::Caller;
use teller::domain::session::SessionNumber;
use teller::domain::time::Timestamp;
use teller::domain::token::AccessToken;
use teller::domain::user::UserId;
use teller::service::system_clock;
use teller::token::{Claims, Format, Ring, file, seal};

use crate::program::{Holder, PASSWORD, problem};
use crate::support::engine::Engine;
use crate::support::process::SECRET;
use crate::support::program::Program;

/// Access tokens for user 1 that must open nothing, each with what is wrong with it.
fn forged(engine: &Engine, held: &Holder) -> Vec<(&'static str, String)> {
    let now = system_clock();
    let session = SessionNumber::parse(&held.session).expect("its number");
    let ends = Timestamp(now.0 + 1_000_000_000);
    let claims = Claims::new(UserId(1), session, now, 900, ends);
    let mut own = Ring::default();
    for format in [Format::Paseto, Format::Jwt] {
        own.add(format, now).expect("room");
    }
    let real = file::read(engine.keys()).expect("the keys");
    let key = &real.keys()[0];
    let unknown = SessionNumber([9; 16]);
    let mut all = vec![
        ("a session of nobody", seal(key, &Claims::new(UserId(1), unknown, now, 900, ends))),
        ("another's session", seal(key, &Claims::new(UserId(2), session, now, 900, ends))),
        ("its time is over", seal(key, &Claims { expires_at_s: claims.issued_at_s - 6, ..claims.clone() })),
        ("not yet", seal(key, &Claims { issued_at_s: claims.issued_at_s + 60, ..claims.clone() })),
        ("no signature", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.".to_owned()),
        ("cut", held.access[..held.access.len() - 1].to_owned()),
        ("a refresh token", held.refresh.clone()),
        ("the session's number", held.session.clone()),
        ("nothing", "x".to_owned()),
    ];
    all.extend(own.keys().iter().map(|key| ("a key of one's own", seal(key, &claims))));
    all
}

pub async fn a_forged_token_opens_nothing_over_http(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut alice = Holder::demo(&program, "alice").await;
    for (what, token) in forged(&engine, &alice) {
        let mut browser = program.browser();
        browser.token = Some(token);
        for path in ["/v1/users/me", "/v1/accounts", "/v1/accounts/1", "/v1/sessions"] {
            let reply = browser.get(path).await;
            assert_eq!(reply.status, 401, "{what} {path}");
            problem(&reply, 401, "unauthenticated");
        }
    }
    let mut browser = program.browser();
    for (scheme, taken) in
        [("bearer", true), ("BEARER", true), ("Basic", false), ("DPoP", false), ("Bearer Bearer", false)]
    {
        let request = hyper::Request::get("/v1/users/me").header("host", program.http().to_string());
        let request = request.header("authorization", format!("{scheme} {}", alice.access));
        let request = request.body(Default::default()).expect("a request");
        let reply = crate::support::http::fetch(program.http(), request).await;
        assert_eq!(reply.status.as_u16(), if taken { 200 } else { 401 }, "{scheme}");
    }
    let query = browser.get(&format!("/v1/users/me?access_token={}", alice.access)).await;
    assert_eq!(query.status, 401, "a token in an address is in every log on the way");
    assert_eq!(alice.asks().await, 200);
    program.stop().await;
}

pub async fn a_forged_token_opens_nothing_over_rpc(engine: Engine) {
    let program = Program::start(&engine).await;
    let held = Holder::demo(&program, "alice").await;
    let client = Client::connect([program.rpc().to_string()], Secret::new(SECRET).expect("long enough"));
    for (what, token) in forged(&engine, &held) {
        let Ok(token) = AccessToken::parse(token) else { continue };
        let caller = Caller::from(token);
        let refused = |outcome: Result<(), client::Error>| {
            assert!(matches!(outcome, Err(client::Error::Refused(Refusal::InvalidSession))), "{what}: {outcome:?}");
        };
        refused(client.person(&caller).await.map(drop));
        refused(client.profile(&caller).await.map(drop));
        refused(client.accounts(&caller, None, 10).await.map(drop));
        refused(client.set_nickname(&caller, "forged").await.map(drop));
    }
    let logged_in = client.log_in("alice", PASSWORD).await.expect("she knows her password");
    let caller = Caller::from(logged_in.granted.access);
    assert_eq!(client.person(&caller).await.expect("it is hers").user_name, "alice");
    let renewed = client.renew(&logged_in.granted.refresh).await.expect("it is the first exchange");
    assert_eq!(renewed.session, logged_in.granted.session);
    let sessions = client.sessions(&caller).await.expect("hers");
    assert_eq!(sessions.iter().filter(|session| session.current).count(), 1);
    client.end_session(&caller, renewed.session).await.expect("it is hers");
    assert!(matches!(client.person(&caller).await, Err(client::Error::Refused(Refusal::InvalidSession))));
    program.stop().await;
}
