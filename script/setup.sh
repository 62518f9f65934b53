# shellcheck shell=sh
# Sourced by run, test and check: a virtual environment with the locked packages, and the system libraries.
# set_up NAME LOCK APT_PACKAGE…   makes .venv (NAME=run) or .venv-test once, and again when the lock has changed.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

say() { printf '%s\n' "voicestream: $*" >&2; }

find_python() {
    for name in python3 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    say "needs Python 3.11 to 3.13; on Debian, Ubuntu or Raspberry Pi OS: sudo apt-get install python3 python3-venv"
    exit 69
}

# Install Debian packages where we may and none is removed for it (pulseaudio would take pipewire-alsa away), else print
# the exact command and go on.
install_system() {
    [ $# -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        say "please install with your system's package manager: $*"
    elif [ "$(id -u)" = 0 ]; then
        say "installing $*"
        DEBIAN_FRONTEND=noninteractive
        export DEBIAN_FRONTEND
        { apt-get install -y -qq --no-remove --no-install-recommends "$@" ||
            { apt-get update -qq && apt-get install -y -qq --no-remove --no-install-recommends "$@"; }; } >/dev/null 2>&1 ||
            say "could not install them; later: apt-get update && apt-get install $*"
    elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        say "installing $* (sudo may ask for your password)"
        { sudo apt-get install -y -qq --no-remove --no-install-recommends "$@" ||
            { sudo apt-get update -qq && sudo apt-get install -y -qq --no-remove --no-install-recommends "$@"; }; } >/dev/null 2>&1 ||
            say "could not install them; later: sudo apt-get update && sudo apt-get install $*"
    else
        say "goes on without $*; to add them: sudo apt-get install $*"
    fi
}

has_library() { # the file exists in a place where the loader looks
    for folder in /usr/lib /usr/lib/*-linux-gnu /usr/local/lib /lib/*-linux-gnu /usr/lib64; do
        [ -e "$folder/$1" ] && return 0
    done
    return 1
}

missing_libraries() {
    [ "$(uname -s)" = Linux ] || return 0 # elsewhere PortAudio comes with sounddevice, and the system has voices
    has_library libportaudio.so.2 || printf 'libportaudio2 '
    has_library libespeak-ng.so.1 || printf 'espeak-ng '
}

set_up() {
    venv=$root/$1
    lock=$root/script/$2
    want=$(cksum "$lock" "$root/pyproject.toml" "$root/script/setup.sh" | cksum)
    [ -f "$venv/voicestream-setup" ] && [ "$(cat "$venv/voicestream-setup")" = "$want" ] && return
    libraries=$(missing_libraries)
    # shellcheck disable=SC2086 # one word for each package
    install_system $libraries
    python=$(find_python) || exit $?
    if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        say "making a virtual environment in $1"
        rm -rf "$venv"
        "$python" -m venv "$venv" >/dev/null 2>&1 || {
            install_system "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
            "$python" -m venv --clear "$venv" || exit 69
        }
    fi
    say "installing the locked packages (once; a minute or two)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lock" &&
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e "$root" || {
        say "the packages could not be installed; is there a network? The next start tries again"
        exit 69
    }
    printf '%s\n' "$want" >"$venv/voicestream-setup"
}
