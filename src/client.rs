//! The typed client, for Rust programs that speak to a Teller backend without HTTP.
//!
//! It is light: with `default-features = false` the crate compiles only this, [`crate::api`] and [`crate::domain`].
//!
//! ```no_run
//! # async fn run() -> Result<(), teller::client::Error> {
//! use teller::client::{Client, Secret};
//!
//! let secret = Secret::new(std::env::var("TELLER_RPC_SECRET").expect("the backend's secret"))?;
//! let client = Client::connect(["127.0.0.1:7070"], secret);
//! let session = client.sign_in("alice", "teller-demo").await?;
//! println!("{}", client.profile(&session).await?.nickname);
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use bytes::Bytes;
pub use teller_rpc::Secret;
use teller_rpc::{CallError, ClientConfig, Context};

use crate::api::health::Ready;
use crate::api::session::SignIn;
use crate::api::user::{SetNickname, SetPicture, SignUp};
use crate::api::{Backend, Refusal};
use crate::domain::invalid::Invalid;
use crate::domain::picture::{Picture, PictureName};
use crate::domain::session::SessionId;
use crate::domain::user::{Nickname, Password, Profile, UserId, UserName};

/// Why a call has no answer to give.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The answer is no; nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The call did not get through, or the backend failed; [`CallError::executed`] says whether it may have been carried out.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The shared secret is too short.
    #[error(transparent)]
    Secret(#[from] teller_rpc::SecretTooShort),
}

impl From<Invalid> for Error {
    fn from(broken: Invalid) -> Self {
        Self::Refused(Refusal::Invalid(broken))
    }
}

/// A handle on one or more backends. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    backend: Backend,
    timeout: Duration,
}

impl Client {
    /// How long a call may take unless [`Self::with_timeout`] says otherwise.
    pub const TIMEOUT: Duration = Duration::from_secs(2);

    /// A client of the backends at `addresses` (`host:port`). Connections are made when they are first needed.
    pub fn connect<A: Into<String>>(addresses: impl IntoIterator<Item = A>, secret: Secret) -> Self {
        let addresses = addresses.into_iter().map(Into::into).collect();
        Self::over(teller_rpc::Client::new(addresses, ClientConfig::new(secret)))
    }

    /// A client over an RPC client that was made and configured elsewhere.
    pub fn over(client: teller_rpc::Client) -> Self {
        Self { backend: Backend::new(client), timeout: Self::TIMEOUT }
    }

    /// The same client with another limit on how long a call may take.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Creates a user.
    pub async fn sign_up(&self, user_name: &str, password: &str) -> Result<UserId, Error> {
        let request = SignUp { user_name: UserName::parse(user_name)?, password: Password::parse(password)? };
        Ok(self.backend.user.sign_up(&self.cx(), &request).await??)
    }

    /// Begins a session; what it returns is what the other calls ask for.
    pub async fn sign_in(&self, user_name: &str, password: &str) -> Result<SessionId, Error> {
        let request = SignIn { user_name: user_name.to_owned(), password: Password::parse(password)? };
        Ok(self.backend.session.sign_in(&self.cx(), &request).await??)
    }

    /// Ends a session.
    pub async fn sign_out(&self, session: &SessionId) -> Result<(), Error> {
        Ok(self.backend.session.sign_out(&self.cx(), session).await??)
    }

    /// One's own profile.
    pub async fn profile(&self, session: &SessionId) -> Result<Profile, Error> {
        Ok(self.backend.user.profile(&self.cx(), session).await??)
    }

    /// Changes one's nickname; answers the profile after it.
    pub async fn set_nickname(&self, session: &SessionId, nickname: &str) -> Result<Profile, Error> {
        let request = SetNickname { session: session.clone(), nickname: Nickname::parse(nickname)? };
        Ok(self.backend.user.set_nickname(&self.cx(), &request).await??)
    }

    /// Changes one's picture to `upload`, the bytes of a PNG, JPEG or WebP file; answers the profile after it.
    pub async fn set_picture(&self, session: &SessionId, upload: impl Into<Bytes>) -> Result<Profile, Error> {
        let request = SetPicture { session: session.clone(), user_name: None, upload: upload.into() };
        Ok(self.backend.user.set_picture(&self.cx(), &request).await??)
    }

    /// A picture by the name that a profile gives.
    pub async fn picture(&self, name: &PictureName) -> Result<Option<Picture>, Error> {
        Ok(self.backend.user.picture(&self.cx(), name).await?)
    }

    /// Whether the backend can serve.
    pub async fn ready(&self) -> Result<Ready, Error> {
        Ok(self.backend.health.ready(&self.cx(), &()).await?)
    }

    fn cx(&self) -> Context {
        Context::with_timeout(self.timeout)
    }
}
