#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Outputs go where the user who asked could have written himself: no link of another user leads elsewhere, what is
# replaced keeps its mode, and nothing is left behind.
. "$(dirname "$0")/../lib.sh"
need_root

chmod 755 "$dir"
mkdir -m 700 victim
mkdir -m 1777 sticky
echo precious >victim/conf
chmod 600 victim/conf
as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
"${as_user[@]}" ln -s "$dir/victim/conf" sticky/out.folded
"${as_user[@]}" ln -s ../victim/conf sticky/relative.folded
"${as_user[@]}" ln -s "$dir/victim/new" sticky/new.folded
"${as_user[@]}" mkfifo sticky/pipe.folded
echo 'a;b 1' >a.folded
for name in out relative new; do
	expect 1 "$CPROF" export a.folded -o "sticky/$name.folded"
	says err "another user's link"
	expect 1 "$CPROF" -q record -d 0.1 -o "sticky/$name.folded"
done
expect 1 "$CPROF" export a.folded -o sticky/pipe.folded
# Nor by a folder on the way, nor into what was put there for it.
mkdir -m 777 theirs
"${as_user[@]}" ln -s "$dir/victim" theirs/folder
expect 1 "$CPROF" export a.folded -o theirs/folder/conf
says err "another user's link"
"${as_user[@]}" touch sticky/planted.folded
expect 1 "$CPROF" export a.folded -o sticky/planted.folded
same "$(stat -c %s sticky/planted.folded)" 0 "what was written into another user's file"
same "$(cat victim/conf)" precious "root's file"
same "$(stat -c %a victim/conf)" 600 "its mode"
[ ! -e victim/new ] || fail "a file was made where another user's link leads"
# One's own link is followed, and the target's mode and owner stay.
ln -s victim/conf own.folded
chown 65534 victim/conf
expect 0 "$CPROF" export a.folded -o own.folded
same "$(stat -c '%a %u' victim/conf)" "600 65534" "mode and owner of what was replaced"
same "$(cat victim/conf)" "a;b 1" "what was written"
[ -L own.folded ] || fail "the link was replaced"

# A pipe that nobody reads is no reason to wait; one that is read gets it all.
mkfifo pipe.folded
expect 1 timeout 60 "$CPROF" export a.folded -o pipe.folded
says err 'nobody reads this pipe'
cat pipe.folded >was_read &
reader=$!
expect 0 "$CPROF" export a.folded -o pipe.folded
wait $reader
same "$(cat was_read)" "a;b 1" "what the pipe's reader got"

# Killed while it records, nothing is left: here, and where a file system makes no files without a name.
mkdir -m 755 clean
"$CPROF" -q record -a -o clean/x.pb.gz &
sleep 0.5
kill -KILL $!
wait $! 2>/dev/null
same "$(find clean -type f | wc -l)" 0 "files left behind"
finish
