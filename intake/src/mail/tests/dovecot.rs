//! The same against a real server: Dovecot, in a folder of the test's own, on a port of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::*;

/// A server over a mail directory; both are gone with this value.
struct Dovecot {
    dir: TempDir,
    child: Child,
    port: u16,
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Its own processes end with it when it is asked to, and not when it is killed.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn program() -> Option<&'static str> {
    ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot"].into_iter().find(|path| Path::new(path).is_file())
}

fn output(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Dovecot {
    /// `None` where it is not installed; with CI=true that is a failure.
    async fn start() -> Option<Self> {
        let Some(program) = program() else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "dovecot is not installed");
            eprintln!("NOT RUN: dovecot is not installed");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().display();
        for folder in ["cur", "new", "tmp"] {
            std::fs::create_dir_all(dir.path().join("Maildir").join(folder)).unwrap();
        }
        // Mail is nobody's where the test is run by the superuser, whose mail it does not touch.
        let user = if output("id", &["-u"]) == "0" { "nobody".to_owned() } else { output("id", &["-un"]) };
        let group = output("id", &["-gn", &user]);
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let config = format!(
            "base_dir = {path}/run\nstate_dir = {path}/run\nlog_path = {path}/log\nprotocols = imap\n\
             listen = 127.0.0.1\nssl = no\ndisable_plaintext_auth = no\nfirst_valid_uid = 1\n\
             default_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}\n\
             mail_location = maildir:{path}/Maildir\n\
             passdb {{\n driver = static\n args = password=hunter2\n}}\n\
             userdb {{\n driver = static\n args = uid={user} gid={group} home={path}\n}}\n\
             service imap-login {{\n chroot =\n inet_listener imap {{\n port = {port}\n }}\n \
             inet_listener imaps {{\n port = 0\n }}\n}}\nservice anvil {{\n chroot =\n}}\nservice stats {{\n chroot =\n}}\n"
        );
        std::fs::write(dir.path().join("dovecot.conf"), config).unwrap();
        let config = dir.path().join("dovecot.conf");
        let mut command = Command::new(program);
        command.args(["-F", "-c"]).arg(&config).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().unwrap();
        let dovecot = Self { dir, child, port };
        dovecot.give(&user, &group);
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(dovecot)
    }

    fn give(&self, user: &str, group: &str) {
        let open = Command::new("chmod").arg("755").arg(self.dir.path()).status().unwrap();
        let owner = format!("{user}:{group}");
        let given = Command::new("chown").args(["-R", &owner]).arg(self.dir.path().join("Maildir")).status().unwrap();
        assert!(open.success() && given.success());
    }

    /// Delivers a letter, as a mail server does: under another name first.
    fn deliver(&self, name: &str, raw: &[u8]) {
        let maildir = self.dir.path().join("Maildir");
        std::fs::write(maildir.join("tmp").join(name), raw).unwrap();
        std::fs::rename(maildir.join("tmp").join(name), maildir.join("new").join(name)).unwrap();
    }

    /// The letters of the directory that somebody has read.
    fn seen(&self) -> usize {
        let cur = std::fs::read_dir(self.dir.path().join("Maildir/cur")).unwrap();
        cur.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains('S')).count()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

#[tokio::test]
async fn a_real_server_is_read_without_a_trace() {
    let Some(dovecot) = Dovecot::start().await else { return };
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors/mail-leader/fixtures");
    let names = ["letter.eml", "page-gbk.eml", "unlabelled.eml", "auto-reply.eml", "no-id.eml"];
    for name in names {
        dovecot.deliver(&format!("1.{name}"), &std::fs::read(fixtures.join(name)).unwrap());
    }
    let text = SHIPPED
        .replace("host = \"imap.example.gov.cn\"", "host = \"127.0.0.1\"\ntls = \"none\"\nprivate = [\"127.0.0.1\"]")
        .replace("# port = 993", &format!("port = {}\npace = \"0s\"", dovecot.port));
    let connector = Connector::parse("connector.toml", &text).unwrap();
    let secret = |password: &str| {
        let variable = [("HUIYIN_SECRET_MAIL_LEADER".into(), password.into())];
        NetSettings { secrets: Secrets::read(variable, None).unwrap(), ..settings("") }
    };
    let mut hub = Hub::default();
    let (coverage, result) = pull_with(&connector, Reach::Sweep, &mut hub, &secret("hunter2")).await;
    result.unwrap_or_else(|error| panic!("{error}\n{}", dovecot.log()));
    assert_eq!((coverage.claimed, coverage.met, coverage.complete), (Some(5), 5, true), "{coverage:?}");
    assert_eq!((hub.known.len(), hub.held.len()), (4, 1), "{hub:?}");
    let titles: Vec<&str> = hub.known.values().map(|row| row.1.as_str()).collect();
    assert!(titles.contains(&"咨询公积金提取手续") && titles.contains(&"学校门口堵车"), "{titles:?}");
    assert_eq!(dovecot.seen(), 0, "nobody has read anything");

    dovecot.deliver("2.more", letter("more@x", "More", "又一封").as_bytes());
    let (coverage, result) = pull_with(&connector, Reach::Head, &mut hub, &secret("hunter2")).await;
    result.unwrap();
    assert_eq!((hub.known.len(), coverage.met), (5, 6), "{coverage:?}");
    let (_, result) = pull_with(&connector, Reach::Head, &mut hub, &secret("wrong")).await;
    assert!(matches!(&result, Err(CrawlError::Fetch(error)) if error.code == FetchCode::Blocked), "{result:?}");
}
