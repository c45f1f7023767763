#!/usr/bin/env bash
# Boots the Debian root ROOT: its own systemd as process 1, in namespaces of its own but on this
# machine's network, and without a way to set anything of the kernel. Runs until it is ended; with it
# ends all that was started in it. Exits 77 where that cannot be.
#
#   scripts/package/boot.sh ROOT
set -euo pipefail

# inside ROOT: in the namespaces.
inside() {
  local root=$1 device
  mount --bind "$root" "$root"
  mount -t proc -o nosuid,noexec,nodev proc "$root/proc"
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount -o remount,bind,ro "$root/proc/sys"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
  mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
  for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  mkdir "$root/dev/shm" "$root/dev/pts"
  ln -s /proc/self/fd "$root/dev/fd"
  # Without it no unit could have devices of its own.
  ln -s pts/ptmx "$root/dev/ptmx"
  # Not chroot: from within one no unit could have users of its own.
  cd "$root"
  pivot_root . .
  umount --lazy .
  # As whoever starts a container has to: credentials get to a unit by a mount that is passed on.
  mount --make-rshared /
  exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --log-target=console --show-status=false
}

if [[ $1 == --inside ]]; then
  inside "$2"
fi

# Its cgroups lie below one of their own.
for groups in /sys/fs/cgroup /sys/fs/cgroup/unified; do
  [[ ! -e $groups/cgroup.procs || ! -e $groups/cgroup.controllers ]] || break
done
group=$groups/prometheus-mirror-package-$$
mkdir "$group" 2>/dev/null || { echo "no cgroup can be made here" >&2; exit 77; }
# leave: nobody is in the group any more, and it goes.
leave() {
  [[ -z ${booted:-} ]] || kill -KILL "$booted" 2>/dev/null || true
  wait
  echo $$ >"$groups/cgroup.procs"
  # What was killed takes a moment to be gone.
  local patience=50
  while ((patience-- > 0)) && [[ -e $group ]]; do
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
  done
}
trap leave EXIT
trap 'exit 143' TERM INT
echo $$ >"$group/cgroup.procs"
unshare --fork --kill-child --mount --pid --uts --ipc --cgroup "$0" --inside "$(realpath "$1")" &
booted=$!
wait "$booted"
