//! The entry task: users and their profiles, as the published contract has them.

use hyper::header::{HeaderValue, SET_COOKIE};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::SESSION;
use super::front::Call;
use super::problem::Problem;
use super::reply::{Reply, Surface, Trouble};
use super::upload;
use crate::api::Refusal;
use crate::api::session::SignIn;
use crate::api::user::{SetNickname, SetPicture, SignUp};
use crate::domain::session::SessionId;
use crate::domain::user::{EntryPassword, Nickname, Password, UserName};

/// `data` of an answer that has none.
const NOTHING: &str = "";

/// A profile, as its owner sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserInfo<'a> {
    username: &'a str,
    nickname: &'a str,
    /// What follows `/pictures/`; empty where there is no picture.
    profile_path: &'a str,
}

/// Where a new picture is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PicturePath<'a> {
    /// What follows `/pictures/`.
    profile_path: &'a str,
}

/// `POST signup`: creates a user.
pub(super) async fn sign_up(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let mut fields = call.fields().await?;
    let user_name = UserName::parse(fields.text("username")?)?;
    let password = EntryPassword::parse(fields.text("password")?)?;
    let request = SignUp { user_name, password };
    call.backend().user.sign_up(&call.context(), &request).await??;
    Ok(Reply::success(&NOTHING))
}

/// `POST signin`: begins a session and hands it out as a cookie, the one answer that carries it.
pub(super) async fn sign_in(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let mut fields = call.fields().await?;
    let user_name = fields.text("username")?;
    let password = Password::parse(fields.text("password")?)?;
    let request = SignIn { user_name, password, device: call.device() };
    let session = call.backend().session.sign_in(&call.context(), &request).await??;
    Ok(Reply::success(&NOTHING).with(SET_COOKIE, cookie(Some(&session), call.is_tls())))
}

/// `GET` or `POST signout`: ends the session. A browser forgets its cookie even if the session was over already.
pub(super) async fn sign_out(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let ended = match call.caller() {
        Ok(caller) => call.backend().session.sign_out(&call.context(), &caller).await?,
        Err(refusal) => Err(refusal),
    };
    let reply = match ended {
        Ok(()) => Reply::success(&NOTHING),
        Err(refusal @ Refusal::InvalidSession) => Surface::EntryTask.explain(&refusal.into(), || call.request_id()),
        Err(refusal) => return Err(refusal.into()),
    };
    Ok(reply.with(SET_COOKIE, cookie(None, call.is_tls())))
}

/// `GET get_user_info`: one's own profile.
pub(super) async fn get_user_info(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let profile = call.backend().user.profile(&call.context(), &caller).await??;
    Ok(Reply::success(&UserInfo {
        username: &profile.user_name,
        nickname: &profile.nickname,
        profile_path: &profile.picture,
    }))
}

/// `POST update_profile_pic`: changes one's picture.
pub(super) async fn update_profile_pic(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    // Megabytes are read for people who are signed in, and for so many at once. The backend asks again; it trusts nobody.
    call.backend().user.profile(&call.context(), &caller).await??;
    let _turn = call.front.uploads().try_acquire().map_err(|_| Problem::Unavailable)?;
    let upload::Upload { file, user_name } = call.upload().await?;
    let request = SetPicture { caller, user_name, upload: file };
    let profile = call.backend().user.set_picture(&call.context(), &request).await??;
    Ok(Reply::success(&PicturePath { profile_path: &profile.picture }))
}

/// `POST update_nickname`: changes one's nickname.
pub(super) async fn update_nickname(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let nickname = Nickname::parse(call.fields().await?.text("nickname")?)?;
    let request = SetNickname { caller, nickname };
    let profile = call.backend().user.set_nickname(&call.context(), &request).await??;
    Ok(Reply::success(&profile.nickname))
}

/// The session cookie; without a session, one that makes the browser forget it.
fn cookie(session: Option<&SessionId>, tls: bool) -> HeaderValue {
    let id = session.map_or("", SessionId::expose);
    let forget = if session.is_none() { "; Max-Age=0" } else { "" };
    let secure = if tls { "; Secure" } else { "" };
    let text = format!("{SESSION}={id}; HttpOnly; SameSite=Lax; Path=/{forget}{secure}");
    let mut value = HeaderValue::try_from(text).expect("hex digits and attributes are ASCII");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::cookie;
    use crate::domain::session::SessionId;

    #[test]
    fn the_cookie_is_the_contracts_to_the_letter() {
        let id = SessionId::parse("0123456789abcdef0123456789abcdef").expect("32 digits");
        let plain = "sessionID=0123456789abcdef0123456789abcdef; HttpOnly; SameSite=Lax; Path=/";
        assert_eq!(cookie(Some(&id), false), plain);
        assert_eq!(cookie(Some(&id), true), format!("{plain}; Secure"));
        assert_eq!(cookie(None, false), "sessionID=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }
}
