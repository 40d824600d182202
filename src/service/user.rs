//! Users: sign-up, profile, nickname, picture.

use rand::Rng;
use teller_rpc::{Context, Status};

use super::password::Hasher;
use super::picture::Studio;
use super::profiles::Profiles;
use super::sessions::Sessions;
use super::{Clock, answer};
use crate::api::Refusal;
use crate::api::user::{Service, SetNickname, SetPicture, SignUp};
use crate::domain::invalid::Invalid;
use crate::domain::picture::{Picture, PictureName};
use crate::domain::session::SessionId;
use crate::domain::user::{Nickname, Profile, Role, UserId};
use crate::error::Error;
use crate::store::{Inserted, NewUser, Store, Volatile};

/// The service `user`.
pub struct Users<S, V> {
    pub(super) store: S,
    pub(super) sessions: Sessions<V>,
    pub(super) profiles: Profiles<S, V>,
    pub(super) hasher: Hasher,
    pub(super) studio: Studio,
    pub(super) clock: Clock,
}

impl<S: Store, V: Volatile> Service for Users<S, V> {
    async fn sign_up(&self, cx: Context, request: SignUp) -> Result<Result<UserId, Refusal>, Status> {
        answer("user.sign_up", &cx, self.create(request)).await
    }

    async fn profile(&self, cx: Context, session: SessionId) -> Result<Result<Profile, Refusal>, Status> {
        answer("user.profile", &cx, self.show(session)).await
    }

    async fn set_nickname(&self, cx: Context, request: SetNickname) -> Result<Result<Profile, Refusal>, Status> {
        answer("user.set_nickname", &cx, self.rename(request)).await
    }

    async fn set_picture(&self, cx: Context, request: SetPicture) -> Result<Result<Profile, Refusal>, Status> {
        answer("user.set_picture", &cx, self.repaint(request)).await
    }

    async fn picture(&self, cx: Context, name: PictureName) -> Result<Option<Picture>, Status> {
        answer("user.picture", &cx, async { Ok(self.store.picture(&name).await?) }).await
    }
}

impl<S: Store, V: Volatile> Users<S, V> {
    async fn create(&self, SignUp { user_name, password }: SignUp) -> Result<Result<UserId, Refusal>, Error> {
        let user = NewUser {
            id: None,
            nickname: Nickname::first_of(&user_name).into(),
            user_name: user_name.into(),
            password_hash: self.hasher.hash(password.into()).await?,
            role: Role::Customer,
            created_at: (self.clock)(),
        };
        Ok(match self.store.insert_user(user).await? {
            Inserted::Created(id) => Ok(id),
            Inserted::Taken => Err(Refusal::UserExists),
        })
    }

    async fn show(&self, session: SessionId) -> Result<Result<Profile, Refusal>, Error> {
        let Some(user) = self.sessions.find(&session).await? else {
            return Ok(Err(Refusal::InvalidSession));
        };
        Ok(self.profiles.get(user).await?.ok_or(Refusal::InvalidSession))
    }

    async fn rename(&self, SetNickname { session, nickname }: SetNickname) -> Result<Result<Profile, Refusal>, Error> {
        let Some(user) = self.sessions.find(&session).await? else {
            return Ok(Err(Refusal::InvalidSession));
        };
        let now = (self.clock)();
        let change = move |store: S| async move { store.set_nickname(user, &nickname, now).await };
        Ok(self.profiles.change(user, change).await?.ok_or(Refusal::InvalidSession))
    }

    async fn repaint(
        &self,
        SetPicture { session, user_name, upload }: SetPicture,
    ) -> Result<Result<Profile, Refusal>, Error> {
        // Who asks comes first: strangers' files are not decoded.
        let profile = match self.show(session).await? {
            Ok(profile) => profile,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if user_name.is_some_and(|name| name != profile.user_name) {
            return Ok(Err(Invalid::new("username", "must be your own").into()));
        }
        let (format, bytes) = match self.studio.rewrite(upload).await? {
            Ok(rewritten) => rewritten,
            Err(broken) => return Ok(Err(broken.into())),
        };
        let mut random = [0; 16];
        rand::rng().fill_bytes(&mut random);
        let picture = Picture { name: PictureName::new(random, format), bytes };
        let (user, now) = (profile.id, (self.clock)());
        let change = move |store: S| async move { store.set_picture(user, &picture, now).await };
        Ok(self.profiles.change(user, change).await?.ok_or(Refusal::InvalidSession))
    }
}
