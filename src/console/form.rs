//! Forms: what was typed is kept, and errors stand beside the field.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, RawForm, Request};
use serde::Serialize;

use crate::page::{PageError, Refused};

/// A form as it was sent (or as it is first shown), with what is wrong with it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Form {
    /// What was typed, by the field's name; a field sent more than once has its last value here.
    values: BTreeMap<String, String>,
    /// All values of every field.
    #[serde(skip)]
    all: BTreeMap<String, Vec<String>>,
    /// What is wrong with a field, by its name.
    errors: BTreeMap<&'static str, String>,
    /// What is wrong with the whole.
    error: Option<String>,
}

impl Form {
    /// Reads a form or the query of an address.
    pub fn parse(text: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(text) {
            form = form.with(&name, value);
        }
        form
    }

    /// The same with a value: what the form shows at first.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        self.all.entry(name.to_owned()).or_default().push(value.clone());
        self.values.insert(name.to_owned(), value);
        self
    }

    /// What was typed into a field, without the blanks around it; empty when it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// Whether a field was sent, be it empty.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// What was typed, with its blanks: for passwords.
    pub fn raw(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// What was typed into a field, without the blanks around it, unless that is nothing.
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|typed| !typed.is_empty())
    }

    /// What was typed into a field of several lines, with line ends as everywhere else: browsers send their own.
    pub fn lines(&self, name: &str) -> String {
        self.raw(name).replace("\r\n", "\n")
    }

    /// Everything that was chosen in a field of many, without blanks around it and without what is empty.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let values = self.all.get(name).map(Vec::as_slice).unwrap_or_default();
        values.iter().map(|value| value.trim()).filter(|value| !value.is_empty()).collect()
    }

    /// Forgets what was typed into a field: passwords are never sent back.
    pub fn forget(&mut self, name: &str) {
        self.values.remove(name);
        self.all.remove(name);
    }

    /// Says what is wrong with a field.
    pub fn wrong(&mut self, field: &'static str, message: impl Into<String>) {
        self.errors.insert(field, message.into());
    }

    /// Asks for a field: says so beside it when nothing was typed.
    pub fn demand(&mut self, field: &'static str, message: &str) {
        if self.get(field).is_empty() {
            self.wrong(field, message);
        }
    }

    /// Whether nothing is wrong so far.
    pub fn is_fine(&self) -> bool {
        self.errors.is_empty() && self.error.is_none()
    }

    /// What is wrong with the whole.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// What is wrong with some field.
    pub fn first_error(&self) -> Option<&str> {
        self.errors.values().next().map(String::as_str)
    }

    /// Puts a refusal beside the field its code is about, or above the form when it is about none.
    pub fn refuse(&mut self, refused: &Refused, fields: &[(&str, &'static str)]) {
        match fields.iter().find(|(code, _)| *code == refused.code) {
            Some((_, field)) => self.wrong(field, &refused.message),
            None => self.error = Some(refused.message.clone()),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &S) -> Result<Self, PageError> {
        let form = RawForm::from_request(request, state).await;
        let RawForm(bytes) = form.map_err(|_| PageError::Address("表单没有收全，或者太长。请返回上一页重新提交。"))?;
        Ok(Self::parse(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_kept() {
        let mut form = Form::parse("title=+%E5%9B%9E%E9%9F%B3+&unit=a&unit=b&unit=&pass=+x+".as_bytes());
        assert_eq!((form.get("title"), form.raw("pass"), form.get("nothing")), ("回音", " x ", ""));
        assert_eq!((form.given("title"), form.given("nothing"), form.given("unit")), (Some("回音"), None, None));
        assert_eq!(form.all("unit"), ["a", "b"]);
        assert_eq!(Form::parse(b"text=+a%0D%0Ab%0A").lines("text"), " a\nb\n");
        form.forget("pass");
        form.demand("title", "请填写");
        assert!(form.is_fine());
        form.demand("pass", "请填写");
        assert!(!form.is_fine());
        let shown = serde_json::to_value(&form).unwrap();
        assert_eq!(shown["values"]["title"], " 回音 ");
        assert_eq!(shown["errors"], serde_json::json!({ "pass": "请填写" }));
        assert!(!shown.to_string().contains(" x "));
    }

    #[test]
    fn a_refusal_stands_beside_its_field() {
        let refused = Refused { code: "login_taken".to_owned(), message: "换一个".to_owned() };
        let mut form = Form::default();
        form.refuse(&refused, &[("login_taken", "login")]);
        assert_eq!(serde_json::to_value(&form).unwrap()["errors"]["login"], "换一个");
        let mut form = Form::default();
        form.refuse(&refused, &[]);
        assert_eq!(serde_json::to_value(&form).unwrap()["error"], "换一个");
    }
}
