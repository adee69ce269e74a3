#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""The clients people use, against the balancer: Python's smtplib, imaplib and poplib, curl and
swaks; STARTTLS and TLS from the first byte, with the certificate checked."""

import imaplib
import poplib
import smtplib
import ssl
import subprocess
import sys

from clusterlib import check, run_test, running, show, state_hashes_agree, wait_for

ONE, TWO = "one@example.test", "two@example.test"
PROVED = []


def proved(text):
    PROVED.append(text)
    print(f"ok: {text}", flush=True)


def message(subject, sender=ONE):
    return (f"From: {sender}\r\nTo: {TWO}\r\nSubject: {subject}\r\n\r\nHello from {subject}.\r\n"
            ).encode()


def python_smtp(cluster, tls):
    port = cluster.port
    with smtplib.SMTP("127.0.0.1", port("smtp")) as s:
        s.starttls(context=tls)
        s.sendmail("x@elsewhere.test", [TWO], message("smtplib-mx", "x@elsewhere.test"))
    with smtplib.SMTP("127.0.0.1", port("submission")) as s:
        s.starttls(context=tls)
        s.login(ONE, cluster.passwords[ONE])
        s.sendmail(ONE, [TWO], message("smtplib-587"))
        try:
            s.sendmail(ONE, ["someone@outside.test"], message("outside"))
            check(False, "mail to the outside was taken")
        except smtplib.SMTPRecipientsRefused as e:
            check(list(e.recipients.values())[0][0] == 550, e.recipients)
        try:
            s.sendmail(TWO, [ONE], message("forged", TWO))
            check(False, "another's sender address was taken")
        except smtplib.SMTPSenderRefused as e:
            check(e.smtp_code == 553, e)
    with smtplib.SMTP_SSL("127.0.0.1", port("submissions"), context=tls) as s:
        s.login(ONE, cluster.passwords[ONE])
        s.sendmail(ONE, [TWO], message("smtplib-465"))
    with smtplib.LMTP("127.0.0.1", port("lmtp")) as s:
        s.sendmail("x@elsewhere.test", [TWO], message("lmtp", "x@elsewhere.test"))
    proved("smtplib: MX with STARTTLS, submission on 587 and 465, LMTP; refusals")


def python_imap(cluster, tls):
    for c in (imaplib.IMAP4("127.0.0.1", cluster.port("imap")),
              imaplib.IMAP4_SSL("127.0.0.1", cluster.port("imaps"), ssl_context=tls)):
        if not isinstance(c, imaplib.IMAP4_SSL):
            c.starttls(tls)
        c.login(TWO, cluster.passwords[TWO])
        check(b"IDLE" in c.capability()[1][0], "no IDLE after login")
        check(c.create("Archive/2026")[0] == "OK", "CREATE")
        c.select("INBOX")
        found = c.search(None, "SUBJECT", "smtplib-587")[1][0].split()
        check(len(found) == 1, f"SEARCH: {found}")
        check(c.copy(found[0], "Archive/2026")[0] == "OK", "COPY")
        check(c.store(found[0], "+FLAGS", "(\\Flagged $Work)")[0] == "OK", "STORE")
        flags = c.fetch(found[0], "(FLAGS)")[1][0]
        check(b"\\Flagged" in flags and b"$Work" in flags, flags)
        check(c.append("Drafts", "(\\Draft)", None, message("draft"))[0] == "OK", "APPEND")
        check(c.delete("Archive/2026")[0] == "OK" and c.delete("Archive")[0] == "OK", "DELETE")
        check(c.getquotaroot("INBOX")[0] == "OK", "GETQUOTAROOT")
        c.close()
        c.logout()
    proved("imaplib: STARTTLS and TLS, search, copy, flags, append, mailboxes, quota")


def python_pop3(cluster, tls):
    plain = poplib.POP3("127.0.0.1", cluster.port("pop3"))
    plain.stls(tls)
    for c in (plain, None):
        c = c or poplib.POP3_SSL("127.0.0.1", cluster.port("pop3s"), context=tls)
        c.user(TWO)
        c.pass_(cluster.passwords[TWO])
        count, size = c.stat()
        check(count > 0 and size > 0, f"STAT {count} {size}")
        check(len(c.uidl()[1]) == count and len(c.list()[1]) == count, "UIDL, LIST")
        check(b"Hello" in b"".join(c.retr(1)[1]), "RETR")
        check(c.top(1, 0)[1][-1] == b"", "TOP")
        c.dele(count)
        c.rset()
        c.quit()
    proved("poplib: STLS and TLS, STAT, LIST, UIDL, RETR, TOP, DELE, RSET")


def run(*argv, text=None):
    r = subprocess.run(argv, input=text, capture_output=True, timeout=60, check=False)
    check(r.returncode == 0, f"{' '.join(argv)}: {r.returncode} {r.stdout[-400:]} {r.stderr[-400:]}")
    return r.stdout


def curl(cluster, ca):
    login = ["-u", f"{TWO}:{cluster.passwords[TWO]}", "--cacert", ca, "-sS"]
    upload = cluster.path("mail.txt")
    with open(upload, "wb") as f:
        f.write(message("curl", TWO))
    run("curl", *login, "--ssl-reqd", f"smtp://localhost:{cluster.port('submission')}",
        "--mail-from", TWO, "--mail-rcpt", ONE, "-T", upload)
    run("curl", *login, f"smtps://localhost:{cluster.port('submissions')}",
        "--mail-from", TWO, "--mail-rcpt", TWO, "-T", upload)
    for url in (f"imaps://localhost:{cluster.port('imaps')}/INBOX;MAILINDEX=1",
                f"pop3s://localhost:{cluster.port('pop3s')}/1"):
        check(b"Hello" in run("curl", *login, url), url)
    listed = run("curl", *login, "--ssl-reqd", f"imap://localhost:{cluster.port('imap')}/")
    check(b"INBOX" in listed and b"\\Trash" in listed, listed)
    run("curl", *login, "-T", upload, f"imaps://localhost:{cluster.port('imaps')}/Sent")
    proved("curl: smtp, smtps, imap, imaps (fetch, list, append), pop3s")


def swaks(cluster, ca):
    base = ["swaks", "--server", "127.0.0.1", "--to", ONE, "--hide-all", "--tls-ca-path", ca]
    run(*base, "--port", str(cluster.port("smtp")), "--from", "x@elsewhere.test", "--tls")
    run(*base, "--port", str(cluster.port("submission")), "--from", TWO, "--tls", "--auth", "PLAIN",
        "--auth-user", TWO, "--auth-password", cluster.passwords[TWO], "--h-From", TWO)
    run(*base, "--port", str(cluster.port("submissions")), "--from", TWO, "--tlsc", "--auth",
        "LOGIN", "--auth-user", TWO, "--auth-password", cluster.passwords[TWO], "--h-From", TWO)
    run(*base, "--port", str(cluster.port("lmtp")), "--protocol", "LMTP", "--from", "x@elsewhere.test")
    proved("swaks: MX, submission with PLAIN and LOGIN, LMTP")


def gone_since_rcpt(cluster):
    """Who was good at RCPT and is not at DATA gets the reply that RCPT would have had."""
    gone = "gone@example.test"
    cluster.add_user(gone)
    for verb, code, words in (("disable", 550, b"5.2.1 Mailbox is disabled"),
                              ("delete", 550, b"5.1.1 No such user here")):
        with smtplib.SMTP("127.0.0.1", cluster.port("smtp")) as s:
            s.ehlo()
            s.mail("x@elsewhere.test")
            check(s.rcpt(gone)[0] == 250, "the account is there")
            cluster.ctl("user", verb, gone)
            check(s.data(message(verb)) == (code, words), f"{verb}: another reply")
        if verb == "disable":
            cluster.ctl("user", "enable", gone)
    del cluster.passwords[gone]
    proved("an account that goes between RCPT and DATA: the same replies as at RCPT")


def test():
    with running([ONE, TWO], balancer=True) as cluster:
        cluster.start_balancer()
        wait_for("the balancer", lambda: greets(cluster), 30, 0.2)
        ca = cluster.path("tls", "ca.crt")
        tls = ssl.create_default_context(cafile=ca)
        python_smtp(cluster, tls)
        python_imap(cluster, tls)
        python_pop3(cluster, tls)
        curl(cluster, ca)
        swaks(cluster, ca)
        gone_since_rcpt(cluster)
        show(f"clients through HAProxy: {len(PROVED)} kinds work")
        state_hashes_agree(cluster)


def greets(cluster):
    try:
        with smtplib.SMTP("127.0.0.1", cluster.port("smtp"), timeout=5):
            return True
    except (OSError, smtplib.SMTPException):
        return False


sys.exit(run_test(test))
