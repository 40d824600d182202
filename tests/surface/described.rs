//! What a server says of itself, and whether an answer is as it says.

use std::collections::BTreeSet;

use hyper::Method;
use serde_json::{Map, Value, json};

use crate::support::http::{Browser, Reply};
use crate::support::program::Program;

/// Headers that mean something: an answer that has one is described with it.
const HEADERS: [&str; 8] = [
    "Link",
    "Location",
    "Retry-After",
    "Set-Cookie",
    "ETag",
    "Idempotency-Replayed",
    "X-Error-Detail",
    "WWW-Authenticate",
];
const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// The document of a running server, in which no object may have a field that is not described.
pub struct Described {
    document: Value,
}

/// One call of it.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub told: Value,
}

impl Described {
    pub async fn of(program: &Program) -> Self {
        let mut document = program.browser().get("/openapi.json").await.json();
        let mut parts = BTreeSet::new();
        for_each(&document, &mut |value| {
            let all = value["allOf"].as_array().into_iter().flatten();
            parts.extend(all.filter_map(|part| part["$ref"].as_str()).map(str::to_owned));
        });
        let schemas = document["components"]["schemas"].as_object_mut().expect("schemas");
        for (name, schema) in schemas {
            close(schema, parts.contains(&format!("#/components/schemas/{name}")));
        }
        Self { document }
    }

    /// Every call.
    pub fn calls(&self) -> Vec<Call> {
        let paths = self.document["paths"].as_object().expect("paths");
        let methods = |item: &Value| METHODS.into_iter().filter(|method| item.get(key(method)).is_some()).collect();
        let calls = paths.iter().flat_map(|(path, item)| {
            let methods: Vec<Method> = methods(item);
            methods.into_iter().map(move |method| Call { told: item[key(&method)].clone(), path: path.clone(), method })
        });
        calls.collect()
    }

    /// Whether only operators may make it.
    pub fn is_operators(&self, call: &Call) -> bool {
        let refused = self.resolve(&call.told["responses"]["403"]);
        refused["description"].as_str().is_some_and(|text| text.contains("operator-only"))
    }

    /// Whether a good answer may say that it was in effect before.
    pub fn is_replayed(&self, call: &Call) -> bool {
        let responses = call.told["responses"].as_object().expect("responses").values();
        responses.into_iter().any(|response| !self.resolve(response)["headers"]["Idempotency-Replayed"].is_null())
    }

    /// Sends as `browser` does, and checks that the answer is a described one.
    pub async fn ask(
        &self,
        browser: &mut Browser,
        call: &Call,
        path: &str,
        media_type: Option<&str>,
        body: &str,
    ) -> Reply {
        let reply = browser.send(call.method.clone(), path, media_type, body.to_owned()).await;
        self.check(call, &reply);
        reply
    }

    /// Checks status, headers, media type and body.
    #[track_caller]
    pub fn check(&self, call: &Call, reply: &Reply) {
        let what = || format!("{} {}: {reply:?}", call.method, call.path);
        let response = self.resolve(&call.told["responses"][reply.status.as_str()]);
        assert!(response.is_object(), "{} is not described: {}", reply.status, what());
        for name in HEADERS {
            let described = !response["headers"][name].is_null();
            assert!(described || reply.header(name).is_empty(), "{name} is not described: {}", what());
        }
        let media_type = reply.header("content-type").split(';').next().unwrap_or_default();
        if media_type.is_empty() {
            assert!(response["content"].is_null() && reply.body.is_empty(), "{}", what());
            return;
        }
        let content = &response["content"][media_type];
        assert!(content.is_object(), "{media_type} is not described: {}", what());
        if media_type.ends_with("json") && call.path != "/openapi.json" {
            let problems = self.problems(&content["schema"], &reply.json());
            assert!(problems.is_empty(), "{problems:#?}\n{}", what());
        }
    }

    fn problems(&self, schema: &Value, body: &Value) -> Vec<String> {
        let mut root = schema.as_object().cloned().unwrap_or_default();
        root.insert("components".to_owned(), json!({"schemas": self.document["components"]["schemas"]}));
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        let validator = options.build(&Value::Object(root)).expect("a schema");
        validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.document.pointer(&reference[1..]).expect("references lead somewhere"),
            None => value,
        }
    }
}

fn key(method: &Method) -> String {
    method.as_str().to_lowercase()
}

/// From now on unknown fields are wrong. A schema that is a part of others knows only its own.
fn close(schema: &mut Value, part: bool) {
    if let Some(all) = schema.get_mut("allOf").and_then(Value::as_array_mut) {
        all.iter_mut().for_each(|part| close(part, true));
        schema["unevaluatedProperties"] = json!(false);
        return;
    }
    let Some(fields) = schema.as_object_mut() else { return };
    if fields.contains_key("properties") && !part {
        fields.insert("additionalProperties".to_owned(), json!(false));
    }
    for name in ["properties", "oneOf", "anyOf", "items"] {
        match fields.get_mut(name) {
            Some(Value::Object(inner)) if name == "properties" => inner.values_mut().for_each(|one| close(one, false)),
            Some(Value::Array(inner)) => inner.iter_mut().for_each(|one| close(one, false)),
            Some(inner) => close(inner, false),
            None => {}
        }
    }
}

fn for_each(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    let inner: Vec<&Value> = match value {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(values) => values.iter().collect(),
        _ => return,
    };
    inner.into_iter().for_each(|one| for_each(one, visit));
}

impl Call {
    /// As the router and people write it.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn parameters(&self) -> impl Iterator<Item = &Value> {
        self.told["parameters"].as_array().into_iter().flatten()
    }

    /// The path of the examples.
    pub fn example_path(&self) -> String {
        let needed = self.parameters().filter(|parameter| parameter["required"] == true);
        needed.fold(self.path.clone(), |path, parameter| {
            let name = parameter["name"].as_str().expect("a name");
            let example = &parameter["example"];
            let example = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
            match parameter["in"] == "query" {
                true => format!("{path}?{name}={example}"),
                false => path.replace(&format!("{{{name}}}"), &example),
            }
        })
    }

    /// Whether it takes an `Idempotency-Key`.
    pub fn is_keyed(&self) -> bool {
        self.parameters().any(|parameter| parameter["name"] == "Idempotency-Key")
    }

    /// The media types of its body.
    pub fn takes(&self) -> Map<String, Value> {
        self.told["requestBody"]["content"].as_object().cloned().unwrap_or_default()
    }

    /// The bodies of the examples by name; one that is empty where there are none.
    pub fn bodies(&self) -> Vec<(String, String)> {
        let json = self.takes().remove("application/json").unwrap_or_default();
        let examples = json["examples"].as_object().cloned().unwrap_or_default();
        let bodies = examples.into_iter().map(|(name, example)| (name, example["value"].to_string()));
        let bodies: Vec<_> = bodies.collect();
        if bodies.is_empty() { vec![(String::new(), String::new())] } else { bodies }
    }
}

/// Whether something was done, in whichever form it is said.
pub fn is_done(reply: &Reply) -> bool {
    let code =
        serde_json::from_slice::<Value>(&reply.body).ok().and_then(|body| Some(body["errCode"].as_str()? == "7"));
    reply.status.is_success() && code.unwrap_or(true)
}
