//! `/v1/users/login` and `/v1/tokens`: the two answers that carry tokens, and the only ones.

use serde::Serialize;
use utoipa::ToSchema;

use super::front::Call;
use super::json::Object;
use super::person;
use super::reply::{Reply, Trouble};
use super::show::Instant;
use crate::api::Refusal;
use crate::api::token::{Granted, LogIn, Renew};
use crate::domain::token::RefreshToken;
use crate::domain::user::Password;

/// A session's tokens, as they are handed out.
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
pub(super) struct Shown<'a> {
    session_id: String,
    access_token: &'a str,
    access_token_expires_at: Instant,
    refresh_token: &'a str,
    refresh_token_expires_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<person::Shown<'a>>,
}

impl<'a> Shown<'a> {
    fn new(granted: &'a Granted, user: Option<person::Shown<'a>>) -> Self {
        Self {
            session_id: granted.session.to_string(),
            access_token: granted.access.expose(),
            access_token_expires_at: Instant(granted.access_expires_at),
            refresh_token: granted.refresh.expose(),
            refresh_token_expires_at: Instant(granted.refresh_expires_at),
            user,
        }
    }
}

/// `POST /v1/users/login`: begins a session with tokens.
pub(super) async fn log_in(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let body = call.json().await?;
    let fields = Object::strict(&["username", "password"], &body)?;
    let (user_name, password) = (fields.required("username")?, fields.required("password")?);
    // What cannot be anybody's password is a wrong one: a rule named here would be another answer for it.
    let password = Password::parse(password).map_err(|_| Refusal::WrongLogin)?;
    let request = LogIn { user_name: user_name.into_owned(), password, device: call.device() };
    let answer = call.backend().token.log_in(&call.context(), &request).await??;
    Ok(Reply::document(&Shown::new(&answer.granted, Some((&answer.person).into()))))
}

/// `POST /v1/tokens/renew_access`: exchanges a refresh token for two new tokens.
pub(super) async fn renew(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let body = call.json().await?;
    let fields = Object::strict(&["refresh_token"], &body)?;
    let shown = fields.required("refresh_token")?;
    // What cannot be a token is one that is not known: there is one answer for all that are worth nothing.
    let token = RefreshToken::parse(shown).map_err(|_| Refusal::InvalidSession)?;
    let request = Renew { token, device: call.device() };
    let granted = call.backend().token.renew(&call.context(), &request).await??;
    Ok(Reply::document(&Shown::new(&granted, None)))
}
