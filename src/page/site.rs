//! What an installation says of itself.

use serde::Serialize;

/// The site's own data, on every page (domain rules 4.6: SiteName, SiteDomain and SiteIDCode are required).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Site {
    /// The organ that runs the site 主办单位.
    pub name: String,
    /// Its domain, without scheme.
    pub domain: String,
    /// Its 网站标识码.
    pub id_code: String,
    /// The ICP record 备案号; not shown when empty.
    pub record_number: String,
    /// The telephone for the public; not shown when empty.
    pub contact: String,
    /// Who stands behind the published texts 来源.
    pub content_source: String,
    /// Whether the home page shows the GraphQL page for developers.
    pub developer_links: bool,
}

impl Default for Site {
    /// The invented bureau of the demonstration.
    fn default() -> Self {
        Self {
            name: "青溪市自然资源和规划局".to_owned(),
            domain: "zrzy.qingxi.example".to_owned(),
            id_code: "0000000000".to_owned(),
            record_number: String::new(),
            contact: "12345".to_owned(),
            content_source: "局办公室".to_owned(),
            developer_links: false,
        }
    }
}
