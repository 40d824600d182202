//! Text to statements. A line is a directive (`-- name:`, `-- arg`, `-- row`, `-- sqlite:`, `-- mysql:`), a comment, or SQL.

use super::Wrong;
use super::statement::{Engine, Field, Kind, Row, Shape, Source, Statement, Text, Type};

/// Reads one file into `source`.
pub fn file(file: &str, text: &str, source: &mut Source) -> Result<(), Wrong> {
    let mut reader = Reader { file, source, open: None };
    for (index, line) in text.lines().enumerate() {
        reader.line(index + 1, line.trim_end())?;
    }
    reader.close()
}

struct Reader<'a> {
    file: &'a str,
    source: &'a mut Source,
    open: Option<Open>,
}

/// The statement being read.
struct Open {
    statement: Statement,
    engines: Vec<Engine>,
    sql: String,
}

impl Reader<'_> {
    fn line(&mut self, number: usize, line: &str) -> Result<(), Wrong> {
        let Some(comment) = line.strip_prefix("--") else {
            return self.sql(number, line);
        };
        let comment = comment.trim();
        if let Some(header) = comment.strip_prefix("name:") {
            self.close()?;
            return self.begin(number, header);
        }
        let Some(open) = &mut self.open else {
            // What comes before the first statement is said to the reader of the file.
            return Ok(());
        };
        if let Some(argument) = comment.strip_prefix("arg ") {
            let (name, of) = argument.split_once(':').unwrap_or((argument, ""));
            let field = field(name, of).map_err(|what| Wrong::new(self.file, number, what))?;
            open.statement.arguments.push(field);
        } else if let Some(row) = comment.strip_prefix("row ") {
            let name = self.row(number, row)?;
            self.open_at(number)?.statement.row = Some(name);
        } else if let Some(engine) = Engine::ALL.into_iter().find(|engine| comment == format!("{}:", engine.name())) {
            self.variant(number, engine)?;
        } else if open.sql.is_empty() && open.statement.texts.is_empty() {
            open.statement.docs.push(comment.to_owned());
        } else {
            return Err(self.wrong(number, "a comment belongs before the statement"));
        }
        Ok(())
    }

    fn begin(&mut self, number: usize, header: &str) -> Result<(), Wrong> {
        let (name, kind) =
            header.trim().split_once(' ').ok_or_else(|| self.wrong(number, "want `-- name: NAME :KIND`"))?;
        let kind = Kind::parse(kind.trim()).ok_or_else(|| {
            self.wrong(number, "want one of :many, :optional, :changed, :inserted, :each after the name")
        })?;
        if !is_name(name) {
            return Err(self.wrong(number, format!("`{name}` is no name: want lower case, digits and _")));
        }
        let statement = Statement {
            file: self.file.to_owned(),
            line: number,
            name: name.to_owned(),
            kind,
            docs: Vec::new(),
            arguments: Vec::new(),
            row: None,
            texts: Vec::new(),
        };
        self.open = Some(Open { statement, engines: Engine::ALL.to_vec(), sql: String::new() });
        Ok(())
    }

    /// `NAME: COLUMN TYPE, ...` declares a row, `NAME` alone means one declared before.
    fn row(&mut self, number: usize, text: &str) -> Result<String, Wrong> {
        let Some((name, columns)) = text.split_once(':') else {
            let known = self.source.row(text.trim()).is_some();
            return if known {
                Ok(text.trim().to_owned())
            } else {
                Err(self.wrong(number, format!("no row `{}` was declared before", text.trim())))
            };
        };
        let name = name.trim();
        if self.source.row(name).is_some() {
            return Err(self.wrong(number, format!("the row `{name}` is declared twice")));
        }
        if !name.starts_with(|first: char| first.is_ascii_uppercase()) {
            return Err(self.wrong(number, format!("the row `{name}` must begin with a capital letter")));
        }
        let mut fields = Vec::new();
        for column in columns.split(',') {
            let (name, of) =
                column.trim().split_once(' ').ok_or_else(|| self.wrong(number, "want `COLUMN TYPE, ...`"))?;
            fields.push(field(name, of).map_err(|what| self.wrong(number, what))?);
        }
        self.source.rows.push(Row { name: name.to_owned(), columns: fields });
        Ok(name.to_owned())
    }

    fn variant(&mut self, number: usize, engine: Engine) -> Result<(), Wrong> {
        let file = self.file;
        let open = self.open_at(number)?;
        open.finish_text(file)?;
        if open.statement.texts.iter().any(|text| text.engine == engine) {
            return Err(Wrong::new(file, number, format!("a second text for {}", engine.name())));
        }
        open.engines = vec![engine];
        Ok(())
    }

    fn sql(&mut self, number: usize, line: &str) -> Result<(), Wrong> {
        if line.is_empty() {
            return Ok(());
        }
        let open = self.open_at(number)?;
        if !open.sql.is_empty() {
            open.sql.push('\n');
        }
        open.sql.push_str(line);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Wrong> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        open.finish_text(self.file)?;
        if open.statement.texts.is_empty() {
            return Err(self.wrong(open.statement.line, format!("`{}` has no SQL", open.statement.name)));
        }
        self.source.statements.push(open.statement);
        Ok(())
    }

    fn open_at(&mut self, number: usize) -> Result<&mut Open, Wrong> {
        let wrong = self.wrong(number, "SQL before the first `-- name:`");
        self.open.as_mut().ok_or(wrong)
    }

    fn wrong(&self, number: usize, what: impl Into<String>) -> Wrong {
        Wrong::new(self.file, number, what)
    }
}

impl Open {
    fn finish_text(&mut self, file: &str) -> Result<(), Wrong> {
        let sql = std::mem::take(&mut self.sql);
        let Some(sql) = sql.strip_suffix(';') else {
            return if sql.is_empty() {
                Ok(())
            } else {
                Err(Wrong::new(file, self.statement.line, "the SQL must end with `;`"))
            };
        };
        let (sql, places) = positional(sql).map_err(|what| Wrong::new(file, self.statement.line, what))?;
        for engine in &self.engines {
            self.statement.texts.push(Text { engine: *engine, sql: sql.clone(), places: places.clone() });
        }
        Ok(())
    }
}

/// Replaces `:name` by `?`, which both databases know, and returns the names in order. Text in quotes stays.
fn positional(sql: &str) -> Result<(String, Vec<String>), String> {
    let (mut out, mut places) = (String::new(), Vec::new());
    let mut rest = sql;
    while let Some(at) = rest.find([':', '\'', '"', '`', ';', '?']) {
        out.push_str(&rest[..at]);
        let (mark, after) = (&rest[at..at + 1], &rest[at + 1..]);
        rest = match mark {
            ":" => {
                let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
                places.push(after[..end].to_owned());
                out.push('?');
                &after[end..]
            }
            ";" => return Err("more than one statement under one name".to_owned()),
            "?" => return Err("write `:name`, not `?`".to_owned()),
            quote => {
                let end = after.find(quote).ok_or_else(|| format!("a {quote} is never closed"))?;
                out.push_str(&rest[at..at + 1 + end + 1]);
                &after[end + 1..]
            }
        };
    }
    out.push_str(rest);
    Ok((out, places))
}

fn field(name: &str, of: &str) -> Result<Field, String> {
    let name = name.trim();
    if !is_name(name) {
        return Err(format!("`{name}` is no name: want lower case, digits and _"));
    }
    let (of, shape) = match of.trim().split_once(' ') {
        None => (of.trim(), Shape::One),
        Some((of, "null")) => (of, Shape::Null),
        Some((of, "list")) => (of, Shape::List),
        Some((_, other)) => return Err(format!("`{other}`: want nothing, `null` or `list` after a type")),
    };
    let of = Type::parse(of).ok_or_else(|| format!("`{of}` is no type: want one of {}", Type::NAMES))?;
    Ok(Field { name: name.to_owned(), of, shape })
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
