//! The build step that turns `sql/queries/` into Rust: what it reads, and how it says what is wrong.

#[allow(dead_code, reason = "the build uses the rest")]
#[path = "../sql/codegen/mod.rs"]
mod codegen;

use codegen::statement::{Engine, Field, Kind, Shape, Source, Type};
use codegen::{Wrong, check, emit, parse};

fn read(text: &str) -> Result<Source, Wrong> {
    let mut source = Source::default();
    parse::file("x.sql", text, &mut source)?;
    check::source(&source)?;
    Ok(source)
}

#[test]
fn a_statement_is_its_name_kind_arguments_row_and_text() {
    let source = read(
        "-- A file about users.\n\n-- name: one :optional\n-- One of them.\n-- arg id: u64\n-- arg nick: text null\n\
         -- row User: id u64, name text null\nSELECT id, name FROM users\nWHERE id = :id AND (nick = :nick OR id = :id);\n",
    )
    .expect("well formed");
    let one = &source.statements[0];
    assert_eq!((one.name.as_str(), one.kind, one.line), ("one", Kind::Optional, 3));
    assert_eq!(one.docs, ["One of them."]);
    let field = |name: &str, of, shape| Field { name: name.to_owned(), of, shape };
    assert_eq!(one.arguments, [field("id", Type::U64, Shape::One), field("nick", Type::Text, Shape::Null)]);
    assert_eq!(source.rows[0].columns, [field("id", Type::U64, Shape::One), field("name", Type::Text, Shape::Null)]);
    assert_eq!(one.texts.len(), 2, "one for each database");
    assert_eq!(one.texts[0].sql, "SELECT id, name FROM users\nWHERE id = ? AND (nick = ? OR id = ?)");
    assert_eq!(one.texts[0].places, ["id", "nick", "id"]);
}

#[test]
fn databases_may_have_texts_of_their_own() {
    let source = read(
        "-- name: both :changed\n-- sqlite:\nDELETE FROM a;\n-- mysql:\nDELETE FROM b;\n-- name: only :changed\n-- mysql:\nDELETE FROM c;\n",
    )
    .expect("well formed");
    let texts = |index: usize| -> Vec<_> {
        source.statements[index].texts.iter().map(|text| (text.engine, text.sql.as_str())).collect()
    };
    assert_eq!(texts(0), [(Engine::Sqlite, "DELETE FROM a"), (Engine::Mysql, "DELETE FROM b")]);
    assert_eq!(texts(1), [(Engine::Mysql, "DELETE FROM c")]);
}

#[test]
fn text_in_quotes_is_left_alone() {
    let source = read("-- name: q :changed\n-- arg a: i64\nUPDATE t SET x = ':a;?', y = \"it's\" WHERE a = :a;\n");
    let source = source.expect("well formed");
    let text = &source.statements[0].texts[0];
    assert_eq!(text.sql, "UPDATE t SET x = ':a;?', y = \"it's\" WHERE a = ?");
    assert_eq!(text.places, ["a"]);
}

#[test]
fn a_list_becomes_a_text_for_each_power_of_two() {
    let source = read("-- name: many :changed\n-- arg ids: u64 list\nDELETE FROM t WHERE id IN (:ids);\n");
    let rust = emit::source(&source.expect("well formed"));
    for size in [1, 2, 4, 1024] {
        let text = format!("\"DELETE FROM t WHERE id IN ({})\"", vec!["?"; size].join(", "));
        assert_eq!(rust.matches(&text).count(), 2, "of {size}, one for each database");
    }
    assert!(!rust.contains("IN (?, ?, ?)\""));
    assert!(rust.contains("pub fn many(db: &Connection, ids: &[u64]) -> Result<u64>"));
}

#[test]
fn a_statement_for_each_row_becomes_one_for_sqlite_and_a_text_for_each_power_of_two_for_mysql() {
    let source = read(
        "-- name: put :each\n-- row Sum: id uuid, sum amount, of asset null, unused text, note text null\n\
         INSERT INTO t (id, zero, sum, of, note) VALUES (:id, 0, :sum, :of, :note)\n\
         ON DUPLICATE KEY UPDATE sum = VALUES(sum);\n",
    );
    let rust = emit::source(&source.expect("well formed"));
    for (size, databases) in [(1, 2), (2, 1), (256, 1), (3, 0), (512, 0)] {
        let tuples = vec!["(?, 0, ?, ?, ?)"; size].join(", ");
        let text = format!("VALUES {tuples}\\nON DUPLICATE KEY UPDATE sum = VALUES(sum)\"");
        assert_eq!(rust.matches(&text).count(), databases, "of {size}");
    }
    assert!(rust.contains("pub fn put(db: &Connection, rows: &[rows::Sum]) -> Result<u64>"));
    assert!(rust.contains("pub async fn put<C: Queryable>(db: &mut C, rows: &[rows::Sum]) -> Result<u64>"));
    assert!(rust.contains("&[&row.id, &row.sum, &row.of, &row.note];"));
    assert!(rust.contains("values.push(Value::from(row.note.as_deref()));"));
    for column in ["pub id: [u8; 16],", "pub sum: Amount,", "pub of: Option<Asset>,"] {
        assert!(rust.contains(column), "{column}");
    }
}

#[test]
fn a_statement_for_each_row_need_be_no_insert_on_sqlite() {
    let text = "-- name: set :each\n-- row R: a u64, b u64\n-- sqlite:\nUPDATE t SET b = :b WHERE a = :a;\n";
    let rust = emit::source(&read(text).expect("well formed"));
    assert!(rust.contains("&[&row.b, &row.a];"), "in the order of the text");
}

#[test]
fn what_is_wrong_is_named_with_its_file_and_line() {
    for (text, line, what) in [
        ("SELECT 1;", 1, "SQL before the first"),
        ("\n-- name: x\nSELECT 1;", 2, "want `-- name: NAME :KIND`"),
        ("-- name: x :all\nSELECT 1;", 1, "want one of :many"),
        ("-- name: X :changed\nDELETE FROM t;", 1, "`X` is no name"),
        ("-- name: x :changed\n", 1, "`x` has no SQL"),
        ("-- name: x :changed\nDELETE FROM t\n", 1, "must end with `;`"),
        ("-- name: x :changed\nDELETE FROM t; DELETE FROM u;", 1, "more than one statement"),
        ("-- name: x :changed\nDELETE FROM t WHERE a = ?;", 1, "write `:name`, not `?`"),
        ("-- name: x :changed\nDELETE FROM t WHERE a = 'b;", 1, "never closed"),
        ("-- name: x :changed\n-- arg a: float\nDELETE FROM t WHERE a = :a;", 2, "`float` is no type"),
        ("-- name: x :changed\n-- arg a: u64 many\nDELETE FROM t WHERE a = :a;", 2, "`many`"),
        ("-- name: x :changed\n-- arg a: u64\nDELETE FROM t;", 1, "never uses its argument `a`"),
        ("-- name: x :changed\nDELETE FROM t WHERE a = :a;", 1, "uses `:a` (sqlite), which has no `-- arg`"),
        ("-- name: x :changed\n-- arg row: u64\nDELETE FROM t WHERE a = :row;", 1, "the generated code uses that name"),
        ("-- name: x :changed\n-- arg a: u64 list\nDELETE FROM t WHERE a NOT IN (:a);", 1, "`COLUMN IN (:a)`"),
        (
            "-- name: x :optional\n-- arg a: u64 list\n-- row R: b u64\nSELECT b FROM t WHERE a IN (:a);",
            1,
            "must be :many",
        ),
        ("-- name: x :many\nSELECT a FROM t;", 1, "want `-- row"),
        ("-- name: x :many\n-- row R: a u64\nSELECT * FROM t;", 1, "must list its columns"),
        ("-- name: x :many\n-- row R\nSELECT a FROM t;", 2, "no row `R` was declared"),
        ("-- name: x :each\nINSERT INTO t (a) VALUES (:a);", 1, "takes rows: want `-- row"),
        ("-- name: x :each\n-- arg a: u64\n-- row R: a u64\nINSERT INTO t (a) VALUES (:a);", 1, "no `-- arg`"),
        ("-- name: x :each\n-- row R: a u64\nINSERT INTO t (b) VALUES (:b);", 1, "no column of its row"),
        ("-- name: x :each\n-- row R: a u64\nUPDATE t SET a = :a;", 1, "in one plain `VALUES (...)` (mysql)"),
        ("-- name: x :each\n-- row R: a u64\nINSERT INTO t (a) VALUES (abs(:a));", 1, "in one plain `VALUES (...)`"),
        (
            "-- name: x :each\n-- row R: a u64\nINSERT INTO t (a) VALUES (:a) ON DUPLICATE KEY UPDATE a = :a;",
            1,
            "in one plain `VALUES (...)`",
        ),
        ("-- name: x :changed\nDELETE FROM t;\n-- name: x :changed\nDELETE FROM t;", 3, "is there already, at x.sql:1"),
    ] {
        let wrong = read(text).expect_err(text);
        assert_eq!((wrong.file.as_str(), wrong.line), ("x.sql", line), "{text}");
        assert!(wrong.what.contains(what), "{wrong} should say {what}");
    }
}
