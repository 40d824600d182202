//! The document: made of all calls and the router's table when it is first asked for, then served from memory.

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::Method;
use hyper::header::{ETAG, HeaderValue};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, PathItem, PathsBuilder};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
};
use utoipa::openapi::{Response, ServerBuilder};

use super::NOUNS;
use super::answer::{Said, responses};
use super::operation::Operation;
use super::value::Shape;
use crate::api::Refusal;
use crate::http::explain::Details;
use crate::http::extract::SESSION;
use crate::http::front::Call;
use crate::http::page::{REVALIDATE, has};
use crate::http::problem::Problem;
use crate::http::reply::{Reply, Trouble};
use crate::http::router::{self, Body, Route};

const ABOUT: &str = "A wallet and ledger server: users and their accounts in any currency, transfers that happen wholly or not at all and never \
    twice, an entry for every change of a balance.\n\nThe examples work with the demo users, whose password is `teller-demo`: sign in as \
    `alice`, or as `operator`. What is refused says why in problem details (RFC 9457) with a stable `type`; the entry task and `/deduct` have \
    forms of their own.";

/// The document as it is sent, and its tag.
#[derive(Debug)]
pub(in crate::http) struct Document {
    text: Bytes,
    tag: HeaderValue,
}

impl Document {
    /// Of all calls, whose bodies may have as many bytes as `limit` says.
    pub(in crate::http) fn new(limit: impl Fn(Body) -> usize) -> Self {
        let text = api(limit).to_json().expect("schemas, texts and numbers are JSON");
        let digest = hex::encode(&Sha256::digest(&text)[..16]);
        let tag = HeaderValue::try_from(format!("\"{digest}\"")).expect("hex digits in quotes are ASCII");
        Self { text: text.into(), tag }
    }
}

/// `GET /openapi.json`.
pub(in crate::http) fn show(call: &Call<'_>) -> Reply {
    static JSON: HeaderValue = HeaderValue::from_static("application/json");
    let Document { text, tag } = call.front.document();
    match has(call.headers(), tag) {
        true => Reply::not_modified(tag.clone(), &REVALIDATE),
        false => Reply::file(&JSON, &REVALIDATE, text.clone()).with(ETAG, tag.clone()),
    }
}

/// The whole of it.
pub(super) fn api(limit: impl Fn(Body) -> usize) -> OpenApi {
    let routes: BTreeMap<&str, Route> = router::rows().map(|route| (route.name, route)).collect();
    let mut told = Vec::new();
    let mut schemas = BTreeMap::new();
    for (noun, _, operations) in NOUNS {
        for mut operation in operations() {
            call(&mut schemas, std::mem::take(&mut operation.schemas));
            // A call of a route that is gone has no row; a test says so.
            if let Some(route) = routes.get(operation.path) {
                told.push((noun, answered(operation, route, limit(route.body))));
            }
        }
    }
    let shared = shared(&told);
    let mut paths = PathsBuilder::new();
    for (noun, (operation, said)) in told {
        let answers = said.into_iter().map(|(status, response)| {
            let name = shared.get(&text_of(&response)).cloned();
            (status.to_string(), name.map_or(RefOr::T(response), |name| Ref::from_response_name(name).into()))
        });
        let answers = answers.fold(operation.told, |told, (status, response)| told.response(status, response));
        paths = paths.path(operation.path, PathItem::new(operation.method, answers.tag(noun).build()));
    }
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new().title("Teller").version(env!("CARGO_PKG_VERSION")).description(Some(ABOUT));
    OpenApiBuilder::new()
        .info(info.license(Some(license)).build())
        .servers(Some([ServerBuilder::new().url("/").description(Some("This server")).build()]))
        .paths(paths)
        .components(Some(components(schemas, &shared)))
        .tags(Some(NOUNS.map(|(name, about, _)| TagBuilder::new().name(name).description(Some(about)).build())))
        .build()
}

/// Adds shapes under their names, each of which is one shape's alone.
fn call(schemas: &mut BTreeMap<String, Shape>, more: Vec<(String, Shape)>) {
    for (name, shape) in more {
        debug_assert!(schemas.get(&name).is_none_or(|known| *known == shape), "two schemas are called {name}");
        schemas.insert(name, shape);
    }
}

/// An operation, and all its answers by status.
type Told = (Operation, BTreeMap<u16, Response>);

/// What `route` may answer, what is said of any request included. `limit`: of its body, in bytes.
fn answered(mut operation: Operation, route: &Route, limit: usize) -> Told {
    let mut said = std::mem::take(&mut operation.answers);
    let own = std::mem::take(&mut operation.troubles).into_iter();
    let troubles: Vec<Trouble> = own
        .chain([Refusal::TooManyRequests { retry_after_s: 1 }.into()])
        .chain(early(route, &method(&operation), limit).into_iter().map(Trouble::from))
        .collect();
    said.extend(troubles.iter().map(|trouble| Said::of(route.surface, trouble)));
    (operation, responses(said))
}

/// What may keep a request from its handler.
fn early(route: &Route, method: &Method, limit: usize) -> Vec<Problem> {
    let mut problems = vec![Problem::Malformed("host", "must be given once"), Problem::TooSlow("head")];
    if route.changes(method) {
        problems.push(Problem::CrossSite);
    }
    if route.body != Body::None && method != Method::GET {
        problems.extend([
            Problem::TooSlow("body"),
            Problem::BodyTooLarge(limit),
            Problem::UnsupportedMediaType(route.body.media_types()),
        ]);
    }
    problems.extend([Problem::TargetTooLong, Problem::HeadTooLarge, Problem::Unavailable]);
    problems
}

/// The method of an operation, as hyper has it.
pub(super) fn method(operation: &Operation) -> Method {
    match operation.method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Trace => Method::TRACE,
    }
}

/// Answers that are the same of several calls, by their text: names to refer to them by.
fn shared(told: &[(&str, Told)]) -> BTreeMap<String, String> {
    let mut counts: BTreeMap<String, (u16, usize)> = BTreeMap::new();
    for (status, response) in told.iter().flat_map(|(_, (_, said))| said) {
        counts.entry(text_of(response)).or_insert((*status, 0)).1 += 1;
    }
    let mut named: BTreeMap<u16, usize> = BTreeMap::new();
    let often = counts.into_iter().filter(|(_, (_, count))| *count > 1);
    often
        .map(|(text, (status, _))| {
            let index = named.entry(status).or_default();
            *index += 1;
            (text, format!("{status}-{index}"))
        })
        .collect()
}

fn text_of(response: &Response) -> String {
    serde_json::to_string(response).expect("a description of an answer is JSON")
}

fn components(mut schemas: BTreeMap<String, Shape>, shared: &BTreeMap<String, String>) -> Components {
    schemas.insert(Details::name().into_owned(), <Details<'_> as utoipa::PartialSchema>::schema());
    let mut more = Vec::new();
    Details::schemas(&mut more);
    call(&mut schemas, more);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An access token.")).build();
    let cookie = ApiKeyValue::with_description(SESSION, "A session, as signing in sets it.");
    let mut built = ComponentsBuilder::new()
        .security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)))
        .security_scheme("bearer", SecurityScheme::Http(bearer));
    for (name, shape) in schemas {
        built = built.schema(name, shape);
    }
    for (text, name) in shared {
        let response: Response = serde_json::from_str(text).expect("it was written from one");
        built = built.response(name, response);
    }
    built.build()
}
