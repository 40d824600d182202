//! `/v1/sessions`: where one is signed in.

use hyper::Method;
use serde::Serialize;
use utoipa::ToSchema;

use super::front::Call;
use super::openapi::value::session_kind;
use super::query;
use super::reply::{Reply, Trouble};
use super::show::Instant;
use crate::api::Refusal;
use crate::api::session::{EndSession, SessionKind, SignedIn};
use crate::domain::caller::Written;

/// A session, as it is shown.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct Shown<'a> {
    id: String,
    #[schema(schema_with = session_kind)]
    kind: &'static str,
    /// Whether it is the one that is used for this.
    current: bool,
    /// From where it was begun, as far as that is known.
    #[schema(required)]
    address: Option<String>,
    user_agent: &'a str,
    created_at: Instant,
    seen_at: Instant,
    #[schema(required)]
    expires_at: Option<Instant>,
}

/// Where one is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct Sessions<'a> {
    sessions: Vec<Shown<'a>>,
}

/// How many sessions have ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Ended {
    ended: u32,
}

impl<'a> From<&'a SignedIn> for Shown<'a> {
    fn from(session: &'a SignedIn) -> Self {
        let address = session.device.address;
        Self {
            id: session.number.to_string(),
            kind: match session.kind {
                SessionKind::Browser => "browser",
                SessionKind::Token => "token",
            },
            current: session.current,
            address: address.map(|_| Written(address).to_string()),
            user_agent: session.device.user_agent(),
            created_at: Instant(session.created_at),
            seen_at: Instant(session.seen_at),
            expires_at: session.expires_at.map(Instant),
        }
    }
}

/// `GET` and `DELETE /v1/sessions`.
pub(super) async fn collection(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    if call.head.method() == Method::DELETE { end_others(call).await } else { list(call).await }
}

/// `GET` and `DELETE /v1/sessions/{id}`.
pub(super) async fn one(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    if call.head.method() == Method::DELETE { end(call).await } else { get(call).await }
}

async fn list(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let sessions = call.backend().session.list(&call.context(), &call.caller()?).await??;
    Ok(Reply::document(&Sessions { sessions: sessions.iter().map(Shown::from).collect() }))
}

async fn get(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let number = query::session(call.head.uri().path())?;
    let sessions = call.backend().session.list(&call.context(), &caller).await??;
    let session = sessions.iter().find(|session| session.number == number).ok_or(Refusal::NoSuchSession)?;
    Ok(Reply::document(&Shown::from(session)))
}

async fn end(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let request = EndSession { caller, session: query::session(call.head.uri().path())? };
    call.backend().session.end(&call.context(), &request).await??;
    Ok(Reply::done())
}

/// All but the one that is used for this.
async fn end_others(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let ended = call.backend().session.end_others(&call.context(), &call.caller()?).await??;
    Ok(Reply::document(&Ended { ended }))
}
