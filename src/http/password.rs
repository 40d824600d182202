//! `/v1/password`: another one in the place of one's own.

use super::front::Call;
use super::json::Object;
use super::reply::{Reply, Trouble};
use crate::api::user::SetPassword;
use crate::domain::user::{NewPassword, Password};

/// `PUT /v1/password`: every other session ends with it.
pub(super) async fn put(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let body = call.json().await?;
    let fields = Object::strict(&["current_password", "new_password"], &body)?;
    let current = Password::named("current_password", fields.required("current_password")?)?;
    let new = NewPassword::named("new_password", fields.required("new_password")?)?;
    call.backend().user.set_password(&call.context(), &SetPassword { caller, current, new }).await??;
    Ok(Reply::done())
}
