"""Ways to sign in: allauth, one-time passwords, OAuth."""

from __future__ import annotations

from privacy.datamap.bundled.words import declare, exclude

_DEVICE = {
    "name": "what the site calls the device",
    **dict.fromkeys(
        ("counter", "digits", "drift", "last_t", "step", "t0", "throttling_failure_count", "tolerance"),
        "how the one-time passwords are counted",
    ),
}


def declare_all() -> None:
    _allauth()
    for label in ("otp_totp.TOTPDevice", "otp_hotp.HOTPDevice", "otp_static.StaticDevice", "otp_email.EmailDevice"):
        _sign_in(label, "user", ("key", "email", "token"), plain=_DEVICE, export=("email",))
    _sign_in("otp_static.StaticToken", "device__user", ("token",))
    _sign_in(
        "oauth2_provider.Application",
        "user",
        ("name", "client_id", "client_secret", "redirect_uris", "post_logout_redirect_uris", "allowed_origins"),
        plain={
            "client_type": "a kind of client",
            "authorization_grant_type": "a kind of grant",
            "algorithm": "an algorithm",
            "registration_source": "how the client came to the site",
        },
        export=("name", "redirect_uris"),
    )
    # A grant is its holder's, and it also goes with the client program of whoever owns that.
    both = ("user", "application__user")
    _sign_in(
        "oauth2_provider.AccessToken",
        both,
        ("token", "token_checksum", "scope", "resource"),
        export=("scope", "expires"),
        access=True,
    )
    _sign_in("oauth2_provider.RefreshToken", both, ("token", "token_checksum", "resource"), access=True)
    _sign_in("oauth2_provider.IDToken", both, ("scope",), export=("scope", "expires"), access=True)
    _sign_in(
        "oauth2_provider.Grant",
        both,
        ("code", "redirect_uri", "scope", "code_challenge", "nonce", "claims", "resource"),
        plain={"code_challenge_method": "an algorithm"},
        access=True,
    )
    _sign_in(
        "oauth2_provider.DeviceGrant",
        "user",
        ("device_code", "user_code", "scope"),
        plain={
            "status": "a state",
            "interval": "seconds between questions",
            "client_id": "the public name of a client program",
        },
        access=True,
    )


def _allauth() -> None:
    _sign_in("account.EmailAddress", "user", ("email",), export=("email", "verified", "primary"))
    _sign_in("account.EmailConfirmation", "email_address__user", ("key",))
    _sign_in(
        "socialaccount.SocialAccount",
        "user",
        ("uid", "extra_data"),
        plain={"provider": "the name of the outside service"},
        export=("provider", "uid", "extra_data", "date_joined"),
        source="provider:allauth",
    )
    _sign_in("socialaccount.SocialToken", "account__user", ("token", "token_secret"), source="provider:allauth")
    exclude("socialaccount.SocialApp", "keys of the site at outside services")
    _sign_in("mfa.Authenticator", "user", ("data",), plain={"type": "a kind of device"}, export=("created_at",))
    _sign_in(
        "usersessions.UserSession",
        "user",
        ("ip", "session_key", "user_agent", "data"),
        export=("ip", "user_agent", "created_at", "last_seen_at"),
        source="automatic",
    )


def _sign_in(
    label: str,
    subject: str | tuple[str, ...],
    holds: tuple[str, ...],
    *,
    plain: dict[str, str] | None = None,
    export: tuple[str, ...] = (),
    source: str = "given",
    access: bool = False,
) -> None:
    """``access`` for what lets a program in without its person: it goes with the cut-off, and is easily made anew."""
    declare(
        label,
        subject=subject,
        category="account",
        purpose="service",
        kind="linked",
        source=source,
        holds=holds,
        plain=plain,
        export=export,
        access=access,
    )
