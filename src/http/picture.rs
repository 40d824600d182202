//! Pictures, for anyone who knows a picture's name.

use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue};

use super::front::Call;
use super::problem::Problem;
use super::reply::{Reply, Trouble};
use crate::domain::picture::PictureName;

/// A new picture has a new name, so what a name stands for never changes.
static FOR_EVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");
/// Should a browser ever take one for a page: one that can do nothing.
static SANDBOX: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// `GET /pictures/{name}`.
pub(super) async fn show(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let name = call.head.uri().path().rsplit('/').next().unwrap_or_default();
    let name = PictureName::parse(name).map_err(|_| Problem::NotFound)?;
    let picture = call.backend().user.picture(&call.context(), &name).await?.ok_or(Problem::NotFound)?;
    let media_type = HeaderValue::from_static(name.format().media_type());
    Ok(Reply::file(&media_type, &FOR_EVER, picture.bytes).with(CONTENT_SECURITY_POLICY, SANDBOX.clone()))
}
