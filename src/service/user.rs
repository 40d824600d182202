//! Users: sign-up, profile, nickname, picture, password.

use rand::Rng;
use teller_rpc::{Context, Status};

use super::attempts::{Attempts, Tried};
use super::audit::Audit;
use super::caller::{Callers, Halt, heard};
use super::new_password::{Kept, NewPasswords};
use super::password::Hasher;
use super::picture::Studio;
use super::profiles::Profiles;
use super::{Clock, answer};
use crate::api::Refusal;
use crate::api::user::{Register, Service, SetNickname, SetPassword, SetPicture, SignUp};
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::caller::{Caller, Credential};
use crate::domain::invalid::Invalid;
use crate::domain::person::Person;
use crate::domain::picture::{Picture, PictureName};
use crate::domain::user::{Nickname, Profile, Role, UserId};
use crate::store::{Contact, Inserted, NewUser, Store, Volatile};

/// The service `user`.
pub struct Users<S, V> {
    pub(super) store: S,
    pub(super) callers: Callers<S, V>,
    pub(super) profiles: Profiles<S, V>,
    pub(super) passwords: NewPasswords<S, V>,
    pub(super) attempts: Attempts<V>,
    pub(super) audit: Audit,
    pub(super) hasher: Hasher,
    pub(super) studio: Studio,
    pub(super) clock: Clock,
}

impl<S: Store, V: Volatile> Service for Users<S, V> {
    async fn sign_up(&self, cx: Context, request: SignUp) -> Result<Result<UserId, Refusal>, Status> {
        answer("user.sign_up", &cx, async { heard(self.create(request).await) }).await
    }

    async fn register(&self, cx: Context, request: Register) -> Result<Result<Person, Refusal>, Status> {
        answer("user.register", &cx, async { heard(self.enter(request).await) }).await
    }

    async fn person(&self, cx: Context, caller: Caller) -> Result<Result<Person, Refusal>, Status> {
        answer("user.person", &cx, async { heard(self.own(caller).await) }).await
    }

    async fn profile(&self, cx: Context, caller: Caller) -> Result<Result<Profile, Refusal>, Status> {
        answer("user.profile", &cx, async { heard(self.show(caller).await) }).await
    }

    async fn set_nickname(&self, cx: Context, request: SetNickname) -> Result<Result<Profile, Refusal>, Status> {
        answer("user.set_nickname", &cx, async { heard(self.rename(request).await) }).await
    }

    async fn set_picture(&self, cx: Context, request: SetPicture) -> Result<Result<Profile, Refusal>, Status> {
        answer("user.set_picture", &cx, async { heard(self.repaint(request).await) }).await
    }

    async fn set_password(&self, cx: Context, request: SetPassword) -> Result<Result<(), Refusal>, Status> {
        answer("user.set_password", &cx, async { heard(self.change_password(request).await) }).await
    }

    async fn picture(&self, cx: Context, name: PictureName) -> Result<Option<Picture>, Status> {
        answer("user.picture", &cx, async { Ok(self.store.picture(&name).await?) }).await
    }
}

impl<S: Store, V: Volatile> Users<S, V> {
    async fn create(&self, SignUp { user_name, password }: SignUp) -> Result<UserId, Halt> {
        self.is_free(user_name.as_str()).await?;
        let user = NewUser {
            id: None,
            nickname: Nickname::first_of(&user_name).into(),
            user_name: user_name.into(),
            password_hash: self.hasher.hash(password.into()).await?,
            role: Role::Customer,
            contact: Contact::default(),
            created_at: (self.clock)(),
        };
        match self.store.insert_user(user).await? {
            Inserted::Created(id) => Ok(id),
            Inserted::Taken => Err(Refusal::UserExists.into()),
        }
    }

    /// Before a password is hashed, which is dear. Of two at once the store tells.
    async fn is_free(&self, user_name: &str) -> Result<(), Halt> {
        match self.store.credentials(user_name).await? {
            Some(_) => Err(Refusal::UserExists.into()),
            None => Ok(()),
        }
    }

    async fn enter(&self, request: Register) -> Result<Person, Halt> {
        let Register { user_name, password, full_name, email } = request;
        self.is_free(user_name.as_str()).await?;
        let contact = Contact { full_name: full_name.into(), email: Some(email.into()) };
        let user = NewUser {
            id: None,
            nickname: Nickname::first_of(&user_name).into(),
            user_name: user_name.into(),
            password_hash: self.hasher.hash(password.into()).await?,
            role: Role::Customer,
            contact: contact.clone(),
            created_at: (self.clock)(),
        };
        let (user_name, role, created_at) = (user.user_name.clone(), user.role, user.created_at);
        let Contact { full_name, email } = contact;
        match self.store.insert_user(user).await? {
            Inserted::Created(id) => Ok(Person { id, user_name, full_name, email, role, created_at }),
            // Users are never deleted: whoever has the name, if it was the name, is there.
            Inserted::Taken => Err(match self.store.credentials(&user_name).await? {
                Some(_) => Refusal::UserExists,
                None => Refusal::EmailExists,
            }
            .into()),
        }
    }

    async fn own(&self, caller: Caller) -> Result<Person, Halt> {
        let user = self.callers.user(&caller).await?;
        Ok(self.store.person(user).await?.ok_or(Refusal::InvalidSession)?)
    }

    async fn show(&self, caller: Caller) -> Result<Profile, Halt> {
        let user = self.callers.user(&caller).await?;
        self.profiles.get(user).await?.ok_or(Refusal::InvalidSession.into())
    }

    async fn rename(&self, SetNickname { caller, nickname }: SetNickname) -> Result<Profile, Halt> {
        let user = self.callers.user(&caller).await?;
        let now = (self.clock)();
        let change = move |store: S| async move { store.set_nickname(user, &nickname, now).await };
        self.profiles.change(user, change).await?.ok_or(Refusal::InvalidSession.into())
    }

    async fn change_password(&self, SetPassword { caller, current, new }: SetPassword) -> Result<(), Halt> {
        let user_name = self.show(caller.clone()).await?.user_name;
        let known = self.store.credentials(&user_name).await?.ok_or(Refusal::InvalidSession)?;
        let keep = match &caller.credential {
            Credential::Session(id) => Kept { browser: Some(id.clone()), grant: None },
            Credential::Access(_) => Kept { browser: None, grant: self.callers.grant(&caller).await? },
        };
        let user = known.user;
        let attempt = self.attempts.begin(Tried::User(user), caller.address).await??;
        let changed = self.passwords.change(known, &keep, current, new).await;
        match &changed {
            Ok(()) => {
                let event = AuditEvent::new(AuditKind::PasswordChanged).about(user).by(user).from_caller(&caller);
                self.audit.record(event).await?;
            }
            // Whoever found a browser that is signed in tries no faster than whoever signs in.
            Err(Halt::Refused(Refusal::WrongPassword)) => self.attempts.failed(&attempt).await?,
            Err(_) => {}
        }
        changed
    }

    async fn repaint(&self, SetPicture { caller, user_name, upload }: SetPicture) -> Result<Profile, Halt> {
        // Who asks comes first: strangers' files are not decoded.
        let profile = self.show(caller).await?;
        if user_name.is_some_and(|name| name != profile.user_name) {
            return Err(Invalid::new("username", "must be your own").into());
        }
        let (format, bytes) = self.studio.rewrite(upload).await??;
        let mut random = [0; 16];
        rand::rng().fill_bytes(&mut random);
        let picture = Picture { name: PictureName::new(random, format), bytes };
        let (user, now) = (profile.id, (self.clock)());
        let change = move |store: S| async move { store.set_picture(user, &picture, now).await };
        self.profiles.change(user, change).await?.ok_or(Refusal::InvalidSession.into())
    }
}
