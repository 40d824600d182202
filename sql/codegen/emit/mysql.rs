//! Functions on `mysql_async` connections and transactions, through the connection's statement cache.

use super::super::statement::{Kind, Shape, Source, Statement, Text};
use super::{answer, arguments, constant, docs, literal};

pub const HEAD: &str = "    use super::{LIST_MAX, Prepared, column, padded, rows};
    use mysql_async::prelude::Queryable;
    use mysql_async::{Result, Row, Value};
";

pub fn function(source: &Source, one: &Statement, text: &Text) -> String {
    let body = match one.list() {
        None => plain(source, one, text),
        Some(list) => chunked(source, one, text, &list.name),
    };
    format!(
        "{}    pub async fn {}<C: Queryable>(db: &mut C{}) -> Result<{}> {{\n{body}    }}\n",
        docs(one),
        one.name,
        arguments(one),
        answer(one),
    )
}

fn plain(source: &Source, one: &Statement, text: &Text) -> String {
    let values: Vec<_> = text.places.iter().map(|place| format!("Value::from({place})")).collect();
    let values = format!("let values: Vec<Value> = vec![{}];", values.join(", "));
    let sql = format!("{}[0]", constant(one));
    let run = match one.kind {
        Kind::Many => format!(
            "let found: Vec<Row> = db.exec({sql}, values).await?;
        found.into_iter().map(|mut row| Ok({})).collect()",
            row(source, one)
        ),
        Kind::Optional => format!(
            "let Some(mut row): Option<Row> = db.exec_first({sql}, values).await? else {{ return Ok(None) }};
        Ok(Some({}))",
            row(source, one)
        ),
        Kind::Changed => format!("{}\n        Ok(changed)", execute(&sql, "changed", "affected_rows()")),
        Kind::Inserted => {
            format!("{}\n        Ok(id)", execute(&sql, "id", "last_insert_id().unwrap_or_default()"))
        }
    };
    format!("        {values}\n        {run}\n")
}

fn chunked(source: &Source, one: &Statement, text: &Text, list: &str) -> String {
    let mut values = String::new();
    for place in &text.places {
        let is_list = one.argument(place).is_some_and(|field| field.shape == Shape::List);
        let push = if is_list {
            format!("values.extend(padded({list}).map(|value| Value::from(*value)));")
        } else {
            format!("values.push(Value::from({place}));")
        };
        values.push_str(&format!("            {push}\n"));
    }
    let sql = format!("{}[size]", constant(one));
    let (start, each) = match one.kind {
        Kind::Many => {
            let each = format!(
                "let rows: Vec<Row> = db.exec({sql}, values).await?;
            for mut row in rows {{
                found.push({});
            }}",
                row(source, one)
            );
            ("Vec::new()", each)
        }
        _ => ("0", format!("{}\n            found += changed;", execute(&sql, "changed", "affected_rows()"))),
    };
    format!(
        "        let mut found = {start};
        for {list} in {list}.chunks(LIST_MAX) {{
            let size = {list}.len().next_power_of_two().ilog2() as usize;
            let mut values: Vec<Value> = Vec::new();
{values}            {each}
        }}
        Ok(found)
"
    )
}

fn row(source: &Source, one: &Statement) -> String {
    literal(source, one, |index| format!("column(&mut row, {index})?"))
}

fn execute(sql: &str, name: &str, figure: &str) -> String {
    format!(
        "let result = db.exec_iter({sql}, values).await?;
        let {name} = result.{figure};
        result.drop_result().await?;"
    )
}
