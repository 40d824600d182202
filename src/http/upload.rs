//! Pictures in `multipart/form-data` bodies.

use bytes::Bytes;
use http_body_util::BodyDataStream;
use hyper::HeaderMap;
use hyper::header::CONTENT_TYPE;
use multer::{Constraints, Field, Multipart, SizeLimit};

use super::body::Intake;
use super::problem::Problem;
use super::reply::Trouble;
use crate::domain::invalid::Invalid;

/// The part that holds the file.
const FILE: &str = "profilePic";
/// The part that may say whose picture it is.
const USER_NAME: &str = "username";
/// Bytes of any part but the file.
const MAX_TEXT_BYTES: u64 = 4096;
/// Bytes for boundaries and part headers, beside the file.
const MAX_FRAME_BYTES: usize = 64 * 1024;

/// What was uploaded.
#[derive(Debug)]
pub(super) struct Upload {
    /// The file.
    pub(super) file: Bytes,
    /// Whose picture it is, if the client says so.
    pub(super) user_name: Option<String>,
}

/// Reads an upload whose file has at most `limit` bytes. Parts that nobody asks for are read over.
pub(super) async fn read(headers: &HeaderMap, body: &mut Intake, limit: usize) -> Result<Upload, Trouble> {
    let boundary = boundary(headers)?;
    let sizes = SizeLimit::new().per_field(MAX_TEXT_BYTES).for_field(FILE, limit as u64);
    // Whoever sends too much is told what the file may have, not what its wrapping adds.
    let too_large = |_| Problem::BodyTooLarge(limit);
    let stream = BodyDataStream::new(body.paced(limit.saturating_add(MAX_FRAME_BYTES)).map_err(too_large)?);
    let mut parts = Multipart::with_constraints(stream, boundary, Constraints::new().size_limit(sizes));
    let (mut file, mut user_name) = (None, None);
    while let Some(part) = parts.next_field().await.map_err(|error| trouble(error, limit))? {
        match part.name() {
            Some(FILE) if file.is_none() => file = Some(bytes(part, limit).await?),
            Some(USER_NAME) if user_name.is_none() => user_name = Some(text(part, limit).await?),
            _ => {}
        }
    }
    match file {
        Some(file) if !file.is_empty() => Ok(Upload { file, user_name }),
        _ => Err(Invalid::new(FILE, "is required").into()),
    }
}

fn boundary(headers: &HeaderMap) -> Result<String, Trouble> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match multer::parse_boundary(content_type) {
        Ok(boundary) => Ok(boundary),
        Err(multer::Error::NoBoundary) => Err(Invalid::new("content-type", "must name a boundary").into()),
        Err(_) => Err(Problem::UnsupportedMediaType("multipart/form-data").into()),
    }
}

async fn bytes(part: Field<'_>, limit: usize) -> Result<Bytes, Trouble> {
    part.bytes().await.map_err(|error| trouble(error, limit))
}

async fn text(part: Field<'_>, limit: usize) -> Result<String, Trouble> {
    let bytes = bytes(part, limit).await?;
    // An empty field of a form is one that was not filled in.
    String::from_utf8(bytes.into()).map_err(|_| Invalid::new(USER_NAME, "must be UTF-8").into())
}

fn trouble(error: multer::Error, limit: usize) -> Trouble {
    match error {
        multer::Error::FieldSizeExceeded { field_name: Some(name), .. } if name == FILE => {
            Problem::BodyTooLarge(limit).into()
        }
        multer::Error::FieldSizeExceeded { .. } => Invalid::new("body", "must have shorter fields").into(),
        multer::Error::StreamReadFailed(cause) => match cause.downcast::<Problem>() {
            Ok(problem) if matches!(*problem, Problem::BodyTooLarge(_)) => Problem::BodyTooLarge(limit).into(),
            Ok(problem) => Trouble::Early(*problem),
            Err(_) => Problem::Malformed("body", "must be complete").into(),
        },
        _ => Invalid::new("body", "must be multipart/form-data").into(),
    }
}
