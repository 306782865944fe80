//! Why somebody may not.

/// An act that the actor may not do. The answer is the same whatever the object's stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("refused: {}", self.code())]
pub enum Refusal {
    /// Only for people who signed in.
    SignInRequired,
    /// The actor sees the object, or there is none, but may not do this.
    Forbidden,
    /// The actor must not even learn that the object exists: answer exactly as if it did not.
    NotVisible,
    /// The account has roles that exclude one another.
    RolesConflict,
    /// The password was given by somebody else and has to be changed first.
    PasswordChangeRequired,
    /// The access token may only read.
    TokenReadOnly,
    /// Accounts, sessions and tokens are seen to by people who signed in, never by an access token.
    TokenNotEnough,
}

impl Refusal {
    /// Every code, for the table of codes in the documentation and for tests.
    pub const CODES: &'static [&'static str] = &[
        "sign_in_required",
        "forbidden",
        "not_visible",
        "roles_conflict",
        "password_change_required",
        "token_read_only",
        "token_not_enough",
    ];

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SignInRequired => "sign_in_required",
            Self::Forbidden => "forbidden",
            Self::NotVisible => "not_visible",
            Self::RolesConflict => "roles_conflict",
            Self::PasswordChangeRequired => "password_change_required",
            Self::TokenReadOnly => "token_read_only",
            Self::TokenNotEnough => "token_not_enough",
        }
    }

    /// What to tell the person, with what to do next.
    pub fn message(&self) -> String {
        match self {
            Self::SignInRequired => "请先登录再操作。",
            Self::Forbidden => "您的角色不能进行此操作，如确有需要，请联系安全管理员调整角色。",
            Self::NotVisible => "没有找到，请核对编号；如应由本单位办理，请联系办公室。",
            Self::RolesConflict => {
                "系统管理员、安全管理员、审计管理员须由三人分任，且不得兼任业务角色，请重新选择角色。"
            }
            Self::PasswordChangeRequired => "当前密码由管理员设置，请先修改密码，再进行其他操作。",
            Self::TokenReadOnly => "该访问令牌只能读取，不能修改。请改用有写入权限的令牌，或登录后操作。",
            Self::TokenNotEnough => "访问令牌不能管理账号、会话和令牌，请登录后操作。",
        }
        .to_owned()
    }
}
