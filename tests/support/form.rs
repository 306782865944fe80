//! Forms as they go over the line.

/// A form with one file in its field `file`: its content type and its body. The name must be without quotation marks.
pub fn with_file(name: &str, content: &str) -> (&'static str, String) {
    let head = "content-disposition: form-data; name=\"file\"; filename=";
    let body = format!("--x-part\r\n{head}\"{name}\"\r\n\r\n{content}\r\n--x-part--\r\n");
    ("multipart/form-data; boundary=x-part", body)
}
