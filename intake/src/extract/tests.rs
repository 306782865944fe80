//! Answers in the shapes of real sites.

use super::*;
use crate::Connector;

fn connector(kind: &str, sections: &str, columns: &str) -> Connector {
    let text = format!(
        "id = \"model\"\nname = \"样板\"\nchannel = \"领导信箱\"\nkind = \"{kind}\"\nversion = 1\ndescription = \"测试用。\"\n\
         fixtures = [\"site.toml\"]\n[fetch]\nbase = \"https://www.example.gov.cn/\"\n{sections}\n{columns}"
    );
    Connector::parse("c", &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

const KEY_AND_BODY: &str = "[[column]]\nfield = \"key\"\naliases = [\"编号\"]\nrequired = true\nfilled = true\n\
    [[column]]\nfield = \"body\"\naliases = [\"内容\"]\nrequired = true\n[key]\nkind = \"printed\"\n";

fn site(kind: &str, sections: &str) -> Box<Site> {
    connector(kind, sections, KEY_AND_BODY).site.unwrap()
}

fn pairs(cells: &[(String, String)]) -> Vec<(&str, &str)> {
    cells.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

#[test]
fn cells_of_a_page_are_taken_by_selector_attribute_and_pattern() {
    let site = site(
        "html",
        "[list]\nurl = \"/l\"\nrows = \"table.win* tr\"\nskip = \"tr:has(th), tr:not(:has(a))\"\n\
         total = { css = \"div.page\", pattern = \"共\\\\s*([\\\\d,]+)\\\\s*条\" }\npages = { pattern = \"/(\\\\d+)页\" }\n\
         paging = { by = \"link\", css = \"a.Next\" }\nattachments = { css = \"a.file\" }\n\
         [list.cells]\n\"标题\" = \"td:nth-child(1)\"\n\"详情\" = \"td:nth-child(1) a@href\"\n\
         \"编号\" = { css = \"td:nth-child(1) a@href\", pattern = \"id=(\\\\w+)\" }\n\"内容\" = \"td:nth-child(2)\"\n\
         \"没有\" = \"td.none\"\n\"全部\" = { css = \"td\", take = \"all\" }\n\"行\" = \"@data-id\"\n\"类\" = { text = \"咨询\" }\n\
         \"年\" = { cell = \"编号\", pattern = \"^(\\\\d{4})\" }\n",
    );
    let text = "<table class=\"winstyle1054\"><tr><th>标题</th></tr><tr data-id=7>\
        <td> <a href='d.jsp?id=2026A&x=1'>关于 <b>路灯</b>\n  的问题</a></td><td>第一段<br>第二段<p>&lt;script&gt;&nbsp;A&amp;B</p>\
        <script>x()</script></td><td><a class=file href='/f/1.doc'>附件 一</a><a class=file href=' '>无</a></td></tr><tr><td>页脚</td></tr></table>\
        <div class=page>共 1,234 条 1/83页</div><a class='Next' href='?p=2'>下一页</a>";
    let page = list_page(&site, text).unwrap();
    assert_eq!(
        (page.total, page.pages, page.next.as_deref(), page.has_place),
        (Some(1_234), Some(83), Some("?p=2"), true)
    );
    assert_eq!(page.rows.len(), 1);
    let row = &page.rows[0];
    assert_eq!(
        pairs(&row.cells),
        [
            ("标题", "关于 路灯 的问题"),
            ("详情", "d.jsp?id=2026A&x=1"),
            ("编号", "2026A"),
            ("内容", "第一段\n第二段\n&lt;script>\u{A0}A&amp;B"),
            ("全部", "关于 路灯 的问题\n第一段\n第二段\n&lt;script>\u{A0}A&amp;B\n附件 一无"),
            ("行", "7"),
            ("类", "咨询"),
            ("年", "2026"),
        ]
    );
    assert_eq!(crate::clean::clean_text(row.get("内容").unwrap()), "第一段\n第二段\n<script> A&B");
    assert_eq!(row.attachments, [("附件 一".to_owned(), "/f/1.doc".to_owned())]);
}

#[test]
fn pairs_of_label_and_value_are_read_whatever_rows_come_between() {
    let sections = |pairs: &str| {
        format!(
            "[list]\nurl = \"/l\"\nrows = \"li\"\n[list.cells]\n\"编号\" = \"a@href\"\n[detail]\nurl = \"{{编号}}\"\n{pairs}\n"
        )
    };
    let both = site("html", &sections("pairs = { label = \"td.titlestyle*\", value = \"td.contentstyle*\" }"));
    let text = "<table><tr><td class=titlestyle1054>来信主题：</td><td class=contentstyle1054>路灯</td></tr>\
        <tr><td class=titlestyle1054>附 件</td><td class=contentstyle1054><a href=/a.jpg>图</a></td></tr>\
        <tr><td class=titlestyle1054>【来信内容】</td><td class=contentstyle1054>一</td><td class=contentstyle1054>二</td></tr>\
        <tr><td class=titlestyle1054>回复内容</td><td class=contentstyle1054></td></tr></table>";
    let page = detail(both.detail.as_ref().unwrap(), text).unwrap().unwrap();
    assert_eq!(pairs(&page.cells), [("来信主题", "路灯"), ("附件", "图"), ("来信内容", "一\n二"), ("回复内容", "")]);
    let next =
        site("html", &sections("pairs = { label = \"dt\" }\ngone = \"已删除\"\n[detail.cells]\n\"状态\" = \"h1\""));
    let text = "<h1>已办结</h1><dl><dt>来信人：<dd>张<b>*</b><dt>时间</dt><dd>2026年4月12日</dd><dt></dt></dl>";
    let detail_rule = next.detail.as_ref().unwrap();
    let page = detail(detail_rule, text).unwrap().unwrap();
    assert_eq!(pairs(&page.cells), [("来信人", "张*"), ("时间", "2026年4月12日"), ("状态", "已办结")]);
    assert_eq!(detail(detail_rule, "<p>该信已删除</p>").unwrap(), None);
    assert_eq!(detail(detail_rule, "").unwrap().unwrap(), Cells::default());
}

#[test]
fn json_is_flattened_without_loss_and_within_bounds() {
    let site = site(
        "json",
        "[list]\nurl = \"/l\"\nrows = \"/datas/data\"\ntotal = { pointer = \"/datas/total\" }\n\
         attachments = { pointer = \"FILES\", url = \"path\", name = \"name\" }\n[list.cells]\n\
         \"答复\" = { pointer = \"REPLYS/*/CONTENT\", take = \"all\" }\n\"末次\" = { pointer = \"/REPLYS/*/CONTENT\", take = \"last\" }\n\
         \"网址\" = { json = \"PUBLISHURL\", pointer = \"/0\" }\n\"没有\" = \"NOWHERE\"\n",
    );
    let body = r#"{"statusCode":200,"datas":{"total":"57","data":[
        {"TITLE":"一","SUBMITTIME":1765152000000,"BIG":12345678901234567890,"YES":true,"NONE":null,"F":0.5,
         "REPLYS":[{"CONTENT":"甲"},{"CONTENT":"乙"}],"PUBLISHURL":"[\"https://www.example.gov.cn/1.html\"]","EMPTY":[],
         "FILES":[{"name":"图","path":"/f/1.jpg"},{"name":"","path":""}]}]}}"#;
    for text in
        [body.to_owned(), format!("\u{FEFF}{body}"), format!("IndexThreads({body});"), format!("/**/ cb.x( {body} )\n")]
    {
        let page = list_page(&site, &text).unwrap();
        assert_eq!((page.total, page.rows.len(), page.has_place), (Some(57), 1, true));
        let row = &page.rows[0];
        assert_eq!(
            pairs(&row.cells),
            [
                ("BIG", "12345678901234567890"),
                ("F", "0.5"),
                ("FILES/0/name", "图"),
                ("FILES/0/path", "/f/1.jpg"),
                ("FILES/1/name", ""),
                ("FILES/1/path", ""),
                ("NONE", ""),
                ("PUBLISHURL", "[\"https://www.example.gov.cn/1.html\"]"),
                ("REPLYS/0/CONTENT", "甲"),
                ("REPLYS/1/CONTENT", "乙"),
                ("SUBMITTIME", "1765152000000"),
                ("TITLE", "一"),
                ("YES", "true"),
                ("答复", "甲\n乙"),
                ("末次", "乙"),
                ("网址", "https://www.example.gov.cn/1.html"),
            ]
        );
        assert_eq!(row.attachments, [("图".to_owned(), "/f/1.jpg".to_owned())]);
    }
    for wrong in ["", "<html>", "alert('x')", "{\"datas\":", "f(1", "not json (1)"] {
        assert!(list_page(&site, wrong).is_err(), "{wrong}");
    }
    assert!(!list_page(&site, "{\"datas\":{}}").unwrap().has_place);
    assert!(list_page(&site, "{\"datas\":{\"data\":null}}").unwrap().has_place);
    assert_eq!(list_page(&site, "{\"datas\":{\"data\":\"[{\\\"A\\\":1}]\"}}").unwrap().rows.len(), 1);
    // Deep and wide: everything is there, in fewer cells.
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let wide: Vec<u32> = (0..5_000).collect();
    let row = object(
        &[],
        None,
        &serde_json::json!({ "deep": serde_json::from_str::<serde_json::Value>(&deep).unwrap(), "wide": wide }),
    );
    assert_eq!(row.cells.len(), 2);
    let text: usize = row.cells.iter().map(|(_, text)| text.matches(|c: char| c.is_ascii_digit()).count()).sum();
    assert_eq!(text, 1 + 10 + 90 * 2 + 900 * 3 + 4_000 * 4);
}

#[test]
fn rows_inside_a_script_are_rows() {
    let site = site(
        "jsrows",
        "[list]\nurl = \"/l\"\nmethod = \"form\"\nform = { sysid = 1 }\narray = \"dataStore\"\n\
         total = { pattern = \"totalRecord\\\\s*=\\\\s*(\\\\d+)\" }\n[list.cells]\n\"编号\" = \"td:nth-child(1)\"\n\"内容\" = \"td:nth-child(2) a\"\n",
    );
    let text = "var totalRecord = 12;dataStore = [\"<tr><td>7<\\/td><td><a href=\\\"d.do?id=7\\\">问<\\/a><\\/td><\\/tr>\",'<tr><td>8</td><td><a>答</a></td></tr>'];";
    let page = list_page(&site, text).unwrap();
    assert_eq!((page.total, page.rows.len()), (Some(12), 2));
    assert_eq!(pairs(&page.rows[1].cells), [("编号", "8"), ("内容", "答")]);
    assert!(list_page(&site, "dataStore = [];").unwrap().has_place);
    assert!(list_page(&site, "<html>请登录</html>").is_err());
}

#[test]
fn feeds_of_both_kinds_are_read() {
    let site =
        site("feed", "[list]\nurl = \"/rss\"\n[list.cells]\n\"编号\" = { cell = \"guid\", pattern = \"(\\\\d+)$\" }\n");
    let rss = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>频道</title><item><title>一 &amp; 二 &lt;三&gt;</title>\
        <link>https://www.example.gov.cn/7</link><guid isPermaLink=\"false\">tag-7</guid>\
        <description><![CDATA[<p>第一段</p><p>第二段</p>]]></description><dc:creator>甲</dc:creator>\
        <category>咨询</category><category>土地</category><pubDate>Tue, 10 Nov 2026 08:00:00 +0800</pubDate>\
        <enclosure url=\"/f.jpg\" type=\"image/jpeg\"/></item></channel></rss>";
    let page = list_page(&site, rss).unwrap();
    let row = &page.rows[0];
    assert_eq!(
        pairs(&row.cells),
        [
            ("title", "一 & 二 <三>"),
            ("link", "https://www.example.gov.cn/7"),
            ("guid", "tag-7"),
            ("description", "<p>第一段</p><p>第二段</p>"),
            ("dc:creator", "甲"),
            ("category", "咨询\n土地"),
            ("pubDate", "Tue, 10 Nov 2026 08:00:00 +0800"),
            ("enclosure", ""),
            ("编号", "7"),
        ]
    );
    assert_eq!(row.attachments, [(String::new(), "/f.jpg".to_owned())]);
    let atom = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>频道</title><entry><id>urn:8</id><title type=\"html\">&lt;b&gt;粗&lt;/b&gt;</title>\
        <link rel=\"self\" href=\"/self\"/><link href=\"/8\"/><author><name>乙</name></author><updated>2026-11-10T08:00:00+08:00</updated>\
        <content type=\"xhtml\"><div><p>上</p><p>下&#33;</p></div></content></entry></feed>";
    let page = list_page(&site, atom).unwrap();
    let row = &page.rows[0];
    assert_eq!(row.get("title"), Some("<b>粗</b>"));
    assert_eq!((row.get("link"), row.get("author/name")), (Some("/8"), Some("乙")));
    assert_eq!(crate::clean::clean_text(row.get("content").unwrap()), "上\n\n下!");
    assert!(list_page(&site, "<rss><channel/></rss>").unwrap().has_place);
    for wrong in ["", "<html><item/></html>", "<rss><channel><item>", "{}"] {
        assert!(list_page(&site, wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_pushed_body_is_one_message_or_several() {
    let text = format!(
        "id = \"model\"\nname = \"样板\"\nchannel = \"社群感知\"\nkind = \"push\"\nversion = 1\ndescription = \"测试用。\"\nfixtures = [\"one.json\"]\n\
         [push]\nsecret = \"GRID\"\ntolerance = \"2m\"\nattachments = {{ pointer = \"photos\" }}\n{KEY_AND_BODY}"
    );
    let connector = Connector::parse("c", &text).unwrap();
    let push = connector.push().unwrap();
    assert_eq!((&*push.secret, push.tolerance.as_secs(), push.max_bytes), ("GRID", 120, 256 << 10));
    let rows = |body: &str| crate::push_rows(&connector, body.as_bytes(), &crate::Limits::default());
    let one =
        rows("{\"编号\":1,\"内容\":\"路灯不亮\",\"photos\":[\"https://www.example.gov.cn/p/1.jpg?x=1\"]}").unwrap();
    let [crate::RowOutcome::Record(record)] = one.as_slice() else { panic!("{one:?}") };
    assert_eq!((&*record.key, &*record.attachments[0].name), ("1", "1.jpg"));
    let many = rows("{\"items\":[{\"编号\":1,\"内容\":\"a\"},{\"编号\":2},{},7]}").unwrap();
    let held: Vec<Option<&str>> = many
        .iter()
        .filter_map(|row| match row {
            crate::RowOutcome::Held(held) => Some(held.key.as_deref()),
            crate::RowOutcome::Record(_) => None,
        })
        .collect();
    assert_eq!((many.len(), held), (4, vec![Some("2"), None, None]));
    assert_eq!(rows("不是"), Err(crate::PushFault::NotJson));
    for wrong in ["7", "{\"items\":1}"] {
        assert_eq!(rows(wrong), Err(crate::PushFault::NotMessages), "{wrong}");
    }
}
