//! How a page looks: pictures, print, and whether it fits the screen.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::page::Page;
use super::target;

/// The longest picture, in CSS pixels: a longer page is shown from its top.
const LONGEST: f64 = 6_000.0;

impl Page {
    /// What makes the page scroll sideways on its screen, the first line the page itself; empty when it fits.
    pub async fn overflows(&self) -> Vec<String> {
        let (wide, _) = self.width.size();
        self.within("overflows", json!([wide])).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// What no page of the site has: scripts, handlers or styles in the markup, frames, a text that became more than text,
    /// a text that turns what stands behind it.
    pub async fn foreign(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for look in ["foreign", "turned"] {
            found.extend(self.within::<Vec<String>>(look, json!([])).await.unwrap_or_else(|error| panic!("{error}")));
        }
        found
    }

    /// Takes a picture of the whole page: `target/screenshots/<screen>/<name>.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let metrics = self.call("Page.getLayoutMetrics", json!({})).await;
        let (wide, high) = self.width.size();
        let length = metrics["cssContentSize"]["height"].as_f64().unwrap_or_default();
        let clip = json!({
            "x": 0, "y": 0, "width": wide, "height": length.clamp(f64::from(high), LONGEST), "scale": 1,
        });
        let picture = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.call("Page.captureScreenshot", picture).await;
        save(&picture["data"], &format!("{}/{name}.png", self.width.name()))
    }

    /// Prints the page on A4: `target/screenshots/print/<name>.pdf`. Answers with how many sheets it takes.
    pub async fn print(&self, name: &str) -> usize {
        let paper = json!({ "paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": true });
        let printed = self.call("Page.printToPDF", paper).await;
        let path = save(&printed["data"], &format!("print/{name}.pdf"));
        let bytes = std::fs::read(path).expect("what was printed can be read");
        // Each sheet is an object of its own; the tree above them is of the type `Pages`.
        let sheets = bytes.windows(12).filter(|window| window.starts_with(b"/Type /Page") && window[11] != b's');
        sheets.count()
    }
}

fn save(data: &Value, name: &str) -> PathBuf {
    let bytes = STANDARD.decode(data.as_str().unwrap_or_default()).expect("Chromium sends base64");
    let path = target().join("screenshots").join(name);
    std::fs::create_dir_all(path.parent().unwrap_or(&path)).expect("the folder is made");
    std::fs::write(&path, bytes).expect("the picture is written");
    path
}
