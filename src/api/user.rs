//! Users: sign-up, profile, nickname, picture, password.
//!
//! Whoever acts is named by their [`Caller`], which the backend checks itself; a user's number is never taken on trust.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::domain::caller::Caller;
use crate::domain::person::{Email, FullName, Person};
use crate::domain::picture::{Picture, PictureName};
use crate::domain::user::{EntryPassword, NewPassword, Nickname, Password, Profile, UserId, UserName};

teller_rpc::service! {
    /// Users and their profiles.
    pub service "user" {
        /// Creates a user, whose nickname begins as the user name's first characters. Refused: `UserExists`.
        fn sign_up(SignUp) -> Result<UserId, Refusal>;

        /// Creates a user as `/v1` knows them. Refused: `UserExists`, `EmailExists`.
        fn register(Register) -> Result<Person, Refusal>;

        /// Who one is. Refused: `InvalidSession`.
        idempotent fn person(Caller) -> Result<Person, Refusal>;

        /// One's own profile. Refused: `InvalidSession`.
        idempotent fn profile(Caller) -> Result<Profile, Refusal>;

        /// Changes one's nickname; answers the profile after it. Refused: `InvalidSession`.
        fn set_nickname(SetNickname) -> Result<Profile, Refusal>;

        /// Changes one's picture; answers the profile after it. Refused: `InvalidSession`, `Invalid` (not a picture, too
        /// large, another's user name).
        fn set_picture(SetPicture) -> Result<Profile, Refusal>;

        /// Changes one's password, and ends all of one's sessions but the one that is used for this. Refused: `InvalidSession`,
        /// `WrongPassword` (the current one).
        fn set_password(SetPassword) -> Result<(), Refusal>;

        /// A picture by its name, for anyone who knows the name.
        idempotent fn picture(PictureName) -> Option<Picture>;
    }
}

/// Who wants to be a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignUp {
    /// The name to sign in with.
    pub user_name: UserName,
    /// The password to sign in with.
    pub password: EntryPassword,
}

/// Who wants to become a user, and be known in full.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Register {
    /// The name to sign in with.
    pub user_name: UserName,
    /// The password to sign in with.
    pub password: NewPassword,
    /// The name in full.
    pub full_name: FullName,
    /// The e-mail address.
    pub email: Email,
}

/// A new nickname.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetNickname {
    /// Whose.
    pub caller: Caller,
    /// The new one.
    pub nickname: Nickname,
}

/// A new password.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetPassword {
    /// Whose.
    pub caller: Caller,
    /// The current one, as it was typed.
    pub current: Password,
    /// The new one.
    pub new: NewPassword,
}

/// A new picture.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetPicture {
    /// Whose.
    pub caller: Caller,
    /// If given, it must be the caller's own user name.
    pub user_name: Option<String>,
    /// The file as it was uploaded. It is decoded, bounded and written anew; nothing of it is kept as it came.
    pub upload: Bytes,
}
