//! The entry task's calls, described: users, their sessions and their profiles, as published.

use serde_json::{Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::path::HttpMethod::{Get, Post};
use utoipa::openapi::schema::ObjectBuilder;

use super::account::invalid;
use super::answer::{Said, envelope};
use super::operation::{FORM, JSON, Operation, Taken, Who};
use super::value::{Need, Others, Shape, just, line, record, text};
use crate::api::Refusal;
use crate::domain::user::{Nickname, Password, UserName};
use crate::http::entrytask::{PicturePath, UserInfo};
use crate::http::reply::Reply;

/// What they are, in short.
pub(super) const ABOUT: &str = "Sign up, sign in, and one's profile. Whatever reached a handler is answered 200, and `errCode` says what came of \
    it: `7` is success. Bodies are JSON or a form; fields that are not known are ignored. Lengths count characters.";

/// All calls.
pub(super) fn operations() -> Vec<Operation> {
    let path = "/api/entrytask/user/signout";
    let linked = sign_out(Operation::new(Get, path, "signOutByLink", "Sign out by a link"));
    let posted = sign_out(Operation::new(Post, path, "signOut", "Sign out"));
    vec![sign_up(), sign_in(), linked, posted, get_user_info(), update_nickname(), update_profile_pic()]
}

fn sign_up() -> Operation {
    success(Operation::new(Post, "/api/entrytask/user/signup", "signUp", "Sign up"), just(""), json!(""))
        .about("The nickname begins as the first characters of the user name.")
        .takes(fields(credentials(), "carol", json!({"username": "carol", "password": "open-sesame"})))
        .refuses([invalid("username", "must be 4 to 13 characters"), Refusal::UserExists])
        .asks()
}

fn sign_in() -> Operation {
    let taken = fields(credentials(), "alice", json!({"username": "alice", "password": "teller-demo"}));
    let about = "The session, for every call that needs one: `sessionID=...; HttpOnly; SameSite=Lax; Path=/`.";
    let operation = Operation::new(Post, "/api/entrytask/user/signin", "signIn", "Sign in").takes(taken);
    let said = succeeded(just(""), json!("")).with_header("Set-Cookie", about);
    operation
        .says(said)
        .refuses([invalid("password", "must be 4 to 13 characters"), Refusal::NoSuchUser, Refusal::WrongPassword])
        .asks()
}

fn sign_out(operation: Operation) -> Operation {
    let said = succeeded(just(""), json!("")).with_header("Set-Cookie", "Makes the browser forget its session.");
    operation.by(Who::SignedIn).says(said).refuses([Refusal::InvalidSession]).asks()
}

fn get_user_info() -> Operation {
    let example = json!({"username": "alice", "nickname": "Alice", "profilePath": ""});
    let operation =
        Operation::new(Get, "/api/entrytask/user/get_user_info", "getUserInfo", "Get one's profile").by(Who::SignedIn);
    success(operation, UserInfo::schema(), example).refuses([Refusal::InvalidSession]).asks()
}

fn update_nickname() -> Operation {
    let (least, most) = Nickname::CHARS;
    let shape =
        record(Others::Ignored, [("nickname", Need::Must, line(least, most, "The new one; no control characters."))]);
    let path = "/api/entrytask/user/update_nickname";
    let operation = Operation::new(Post, path, "updateNickname", "Change one's nickname").by(Who::SignedIn);
    success(operation, text(least, most, "The nickname."), json!("Al"))
        .takes(fields(shape, "al", json!({"nickname": "Al"})))
        .refuses([Refusal::InvalidSession, invalid("nickname", "must be 1 to 8 characters")])
        .asks()
}

fn update_profile_pic() -> Operation {
    let file = ObjectBuilder::new().content_media_type("application/octet-stream");
    let file = file.description(Some("PNG, JPEG or WebP. It is decoded, bounded and written anew."));
    let name = text(0, UserName::CHARS.1, "If given, one's own.");
    let shape =
        record(Others::Ignored, [("profilePic", Need::Must, file.build().into()), ("username", Need::May, name)]);
    let taken = Taken { media_types: &["multipart/form-data"], shape, required: true, examples: Vec::new() };
    let path = "/api/entrytask/user/update_profile_pic";
    let operation = Operation::new(Post, path, "updateProfilePic", "Change one's picture").by(Who::SignedIn);
    success(operation, PicturePath::schema(), json!({"profilePath": "0123456789abcdef0123456789abcdef.png"}))
        .about("The picture is then at `/pictures/{profilePath}`.")
        .takes(taken)
        .refuses([Refusal::InvalidSession, invalid("profilePic", "must be a PNG, JPEG or WebP picture")])
        .asks()
}

fn credentials() -> Shape {
    let (name, password) = (UserName::CHARS, Password::CHARS);
    let fields = [
        ("username", Need::Must, line(name.0, name.1, "The name to sign in with; no control characters.")),
        ("password", Need::Must, text(password.0, password.1, "Any characters.")),
    ];
    record(Others::Ignored, fields)
}

fn fields(shape: Shape, name: &'static str, example: Value) -> Taken {
    Taken { media_types: &[JSON, FORM], shape, required: true, examples: vec![(name, example)] }
}

fn success(operation: Operation, data: Shape, example: Value) -> Operation {
    operation.says(succeeded(data, example))
}

fn succeeded(data: Shape, example: Value) -> Said {
    let example = json!({"errCode": "7", "errMsg": "success", "data": example});
    Said::document(Reply::document(&()).status(), "`7` success", envelope("7", "success", data), example)
}
