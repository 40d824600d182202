//! Statements to Rust: the row structs once, then a module of functions for each database.
//!
//! The generated code leans on what `src/store/queries.rs` puts around it: `Prepared`, `padded`, `column`, and the types of money.

mod mysql;
mod sqlite;

use super::statement::{Engine, Field, Kind, Shape, Source, Statement, Text};

/// The longest list of one round trip; a longer one takes several.
const LIST_MAX: usize = 1024;

/// The most rows of one statement that takes many. A longer slice takes several: few enough that a round trip costs little among them,
/// and each of a length that is a power of two, so that a connection holds few prepared statements.
const ROWS_MAX: usize = 256;

/// The Rust for everything.
pub fn source(source: &Source) -> String {
    let mut out = format!(
        "/// Values in one `IN (...)`.\npub const LIST_MAX: usize = {LIST_MAX};\n\
         /// Rows in one `VALUES (...), (...)`.\npub const ROWS_MAX: usize = {ROWS_MAX};\n"
    );
    out.push_str(&rows(source));
    for engine in Engine::ALL {
        let used: Vec<_> = source
            .statements
            .iter()
            .filter_map(|one| one.texts.iter().find(|text| text.engine == engine).map(|text| (one, text)))
            .collect();
        out.push_str(&format!("#[rustfmt::skip]\npub mod {} {{\n", engine.name()));
        out.push_str(match engine {
            Engine::Sqlite => sqlite::HEAD,
            Engine::Mysql => mysql::HEAD,
        });
        for (one, text) in &used {
            out.push_str(&texts(one, text));
            out.push_str(&match engine {
                Engine::Sqlite => sqlite::function(source, one, text),
                Engine::Mysql => mysql::function(source, one, text),
            });
        }
        out.push_str(&prepared(source, &used));
        out.push_str("}\n");
    }
    out
}

/// The row structs.
fn rows(source: &Source) -> String {
    let mut out = String::from("pub mod rows {\n    use super::{Amount, Asset};\n");
    for row in &source.rows {
        out.push_str(&format!("    #[derive(Clone, Debug, PartialEq, Eq)]\n    pub struct {} {{\n", row.name));
        for column in &row.columns {
            out.push_str(&format!("        pub {}: {},\n", column.name, shaped(column.of.owned(), column.shape)));
        }
        out.push_str("    }\n");
    }
    out.push_str("}\n");
    out
}

/// The constant with the statement's text, once for each length of its list or number of its rows.
fn texts(one: &Statement, text: &Text) -> String {
    let mut out = format!("    const {}: &[&str] = &[\n", constant(one));
    for size in sizes(one, text) {
        let sql = match Statement::tuple(&text.sql) {
            _ if one.list().is_some() => text.sql.replace(" IN (?)", &format!(" IN ({})", vec!["?"; size].join(", "))),
            Some(tuple) if one.kind == Kind::Each => text.sql.replacen(tuple, &vec![tuple; size].join(", "), 1),
            _ => text.sql.clone(),
        };
        out.push_str(&format!("        {sql:?},\n"));
    }
    out.push_str("    ];\n");
    out
}

/// The lengths that a list is padded to, or the numbers of rows that a statement takes.
fn sizes(one: &Statement, text: &Text) -> Vec<usize> {
    let most = match (one.kind, text.engine) {
        (Kind::Each, Engine::Mysql) => ROWS_MAX,
        _ if one.list().is_some() => LIST_MAX,
        _ => 1,
    };
    std::iter::successors(Some(1), |size| Some(size * 2)).take_while(|size| *size <= most).collect()
}

/// The table that tests prepare everything from.
fn prepared(source: &Source, used: &[(&Statement, &Text)]) -> String {
    let mut out = String::from("    pub const STATEMENTS: &[Prepared] = &[\n");
    for (one, _) in used {
        let row = source.row_of(one).filter(|_| one.kind.answers_rows());
        let columns: Vec<_> = row.iter().flat_map(|row| &row.columns).map(|column| column.name.as_str()).collect();
        out.push_str(&format!(
            "        Prepared {{ name: {:?}, texts: {}, columns: &{columns:?} }},\n",
            one.name,
            constant(one)
        ));
    }
    out.push_str("    ];\n");
    out
}

/// `/// docs` and where the statement stands.
fn docs(one: &Statement) -> String {
    let mut out = String::new();
    for line in &one.docs {
        out.push_str(&format!("    /// {line}\n"));
    }
    out.push_str(&format!("    /// `{}` line {}.\n", one.file, one.line));
    out
}

/// `, name: type` for each argument, or the slice of rows.
fn arguments(one: &Statement) -> String {
    if let (Kind::Each, Some(row)) = (one.kind, &one.row) {
        return format!(", rows: &[rows::{row}]");
    }
    let argument = |field: &Field| {
        let of = match field.shape {
            Shape::List => format!("&[{}]", field.of.borrowed()),
            shape => shaped(field.of.borrowed(), shape),
        };
        format!(", {}: {of}", field.name)
    };
    one.arguments.iter().map(argument).collect()
}

/// What the function returns when all is well.
fn answer(one: &Statement) -> String {
    let row = one.row.as_deref().unwrap_or_default();
    match one.kind {
        Kind::Many => format!("Vec<rows::{row}>"),
        Kind::Optional => format!("Option<rows::{row}>"),
        Kind::Changed | Kind::Inserted | Kind::Each => "u64".to_owned(),
    }
}

/// A struct literal with `column(index)` for each column.
fn literal(source: &Source, one: &Statement, column: impl Fn(usize) -> String) -> String {
    let Some(row) = source.row_of(one) else { return String::new() };
    let fields: Vec<_> =
        row.columns.iter().enumerate().map(|(index, field)| format!("{}: {}", field.name, column(index))).collect();
    format!("rows::{} {{ {} }}", row.name, fields.join(", "))
}

fn shaped(of: &str, shape: Shape) -> String {
    match shape {
        Shape::Null => format!("Option<{of}>"),
        Shape::One | Shape::List => of.to_owned(),
    }
}

fn constant(one: &Statement) -> String {
    one.name.to_uppercase()
}
