//! `/v1/users`: sign-up with a name in full and an address, and who one is.

use serde::Serialize;
use utoipa::ToSchema;

use super::front::Call;
use super::json::Object;
use super::openapi::value::role;
use super::reply::{Reply, Trouble};
use super::show::Instant;
use crate::api::user::Register;
use crate::domain::person::{Email, FullName, Person};
use crate::domain::user::{NewPassword, Role, UserName};

/// A user, as they are shown to themselves.
#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
pub(super) struct Shown<'a> {
    id: u64,
    username: &'a str,
    full_name: &'a str,
    #[schema(required)]
    email: Option<&'a str>,
    #[schema(schema_with = role)]
    role: &'static str,
    created_at: Instant,
}

impl<'a> From<&'a Person> for Shown<'a> {
    fn from(person: &'a Person) -> Self {
        Self {
            id: person.id.0,
            username: &person.user_name,
            full_name: &person.full_name,
            email: person.email.as_deref(),
            role: match person.role {
                Role::Customer => "customer",
                Role::Operator => "operator",
            },
            created_at: Instant(person.created_at),
        }
    }
}

/// `POST /v1/users`: one more user.
pub(super) async fn register(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let body = call.json().await?;
    let fields = Object::strict(&["username", "password", "full_name", "email"], &body)?;
    let request = Register {
        user_name: UserName::parse(fields.required("username")?)?,
        password: NewPassword::parse(fields.required("password")?)?,
        full_name: FullName::parse(fields.required("full_name")?)?,
        email: Email::parse(fields.required("email")?)?,
    };
    let person = call.backend().user.register(&call.context(), &request).await??;
    Ok(Reply::created("/v1/users/me", &Shown::from(&person)))
}

/// `GET /v1/users/me`: who one is.
pub(super) async fn me(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let person = call.backend().user.person(&call.context(), &caller).await??;
    Ok(Reply::document(&Shown::from(&person)))
}
