//! What people do on a page: click, type, choose, press keys. Through the browser's own input, as a hand would.

use std::path::Path;

use serde_json::{Value, json};

use super::page::Page;

impl Page {
    /// Clicks a link, button or label with this name, or else the first visible element under a selector. It is waited
    /// for until it is there and nothing lies over it. Two of one name are refused: see [`Page::click_in`].
    pub async fn click(&self, what: &str) {
        self.click_at(what, &Value::Null).await;
    }

    /// The same inside the first visible element under the selector `scope`.
    pub async fn click_in(&self, scope: &str, what: &str) {
        self.click_at(what, &json!(scope)).await;
    }

    /// Clicks what loads another document, and waits until that is there whole. Answers with its status.
    pub async fn follow(&self, what: &str) -> u16 {
        self.leave(what, async || self.click(what).await).await
    }

    /// Does what loads another document, and waits until that is there whole. Answers with its status.
    pub async fn leave(&self, what: &str, act: impl AsyncFn()) -> u16 {
        let before = self.document();
        act().await;
        let changed = async || self.document().is_some_and(|now| Some(now) != before);
        self.wait(&format!("another page after {what}"), changed).await;
        self.status()
    }

    async fn click_at(&self, what: &str, scope: &Value) {
        let found = std::sync::Mutex::new(Err(String::new()));
        let look = async || {
            let point = self.within::<[f64; 2]>("click_point", json!([what, scope])).await;
            let is_there = point.is_ok();
            *super::wire::lock(&found) = point;
            is_there
        };
        self.wait(&format!("{what} can be clicked"), look).await;
        let [x, y] = super::wire::lock(&found).clone().unwrap_or_default();
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let button = if kind == "mouseMoved" { "none" } else { "left" };
            let event = json!({ "type": kind, "x": x, "y": y, "button": button, "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Puts a value into the field with this label, in place of what is there: text, an option's words, a date.
    pub async fn fill(&self, label: &str, value: &str) {
        self.wait_for_field(label).await;
        let begun: Result<String, String> = self.within("begin_filling", json!([label, value])).await;
        match begun.unwrap_or_else(|error| panic!("{error}")).as_str() {
            "type" if value.is_empty() => self.press("Backspace").await,
            "type" => drop(self.call("Input.insertText", json!({ "text": value })).await),
            _ => {}
        }
    }

    /// What stands in the field with this label.
    pub async fn value(&self, label: &str) -> String {
        self.wait_for_field(label).await;
        self.within("value_of", json!([label])).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Ticks the box with this label, or takes the tick away.
    pub async fn check(&self, label: &str, on: bool) {
        self.wait_for_field(label).await;
        let is_on = async || self.within::<bool>("is_checked", json!([label])).await == Ok(on);
        if !is_on().await {
            self.click(label).await;
            self.wait(&format!("{label} is {on}"), is_on).await;
        }
    }

    /// Chooses a file in the field with this label.
    pub async fn upload(&self, label: &str, path: &Path) {
        self.wait_for_field(label).await;
        let field = self.run_as(&Self::expression("file_field", &json!([label])), false).await;
        let object = field.unwrap_or_else(|error| panic!("{error}"))["objectId"].take();
        let path = path.to_str().expect("a test's path is UTF-8");
        self.call("DOM.setFileInputFiles", json!({ "files": [path], "objectId": object })).await;
    }

    /// Presses a key, with what is held down before it: `j`, `?`, `Enter`, `Shift+Tab`, `Control+Enter`.
    pub async fn press(&self, keys: &str) {
        let mut held = 0;
        let mut key = keys;
        while let Some((modifier, rest)) = key.split_once('+').filter(|(_, rest)| !rest.is_empty()) {
            held |= match modifier {
                "Alt" => 1,
                "Control" => 2,
                "Meta" => 4,
                "Shift" => 8,
                other => panic!("{other} is not held down"),
            };
            key = rest;
        }
        let text = match key {
            "Enter" => "\r",
            // A letter held with Control or Alt is a command, not text.
            letter if letter.chars().count() == 1 && matches!(held, 0 | 8) => letter,
            _ => "",
        };
        let mut event = json!({ "key": key, "modifiers": held, "windowsVirtualKeyCode": key_code(key) });
        event["code"] = if key.len() == 1 { Value::Null } else { key.into() };
        event["type"] = if text.is_empty() { "rawKeyDown" } else { "keyDown" }.into();
        event["text"] = text.into();
        event.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        self.call("Input.dispatchKeyEvent", event.clone()).await;
        event["type"] = "keyUp".into();
        self.call("Input.dispatchKeyEvent", event).await;
    }

    async fn wait_for_field(&self, label: &str) {
        let there = async || self.within::<Value>("value_of", json!([label])).await.is_ok();
        self.wait(&format!("there is one field {label}"), there).await;
    }
}

/// The old number of a key, by which Chromium knows what it does.
fn key_code(key: &str) -> u32 {
    match key {
        "Backspace" => 8,
        "Tab" => 9,
        "Enter" => 13,
        "Escape" => 27,
        "End" => 35,
        "Home" => 36,
        "ArrowLeft" => 37,
        "ArrowUp" => 38,
        "ArrowRight" => 39,
        "ArrowDown" => 40,
        "Delete" => 46,
        letter => letter.chars().next().map_or(0, |first| u32::from(first.to_ascii_uppercase())),
    }
}
