# The RPM, with Debian's rpm in a Debian root. Sourced by scripts/steps/package.sh, whose functions and
# variables it uses.
# shellcheck shell=bash

# Mode, flags of RPM (c configuration, n kept as it was changed) and path of all but documents.
rpm_contents='-rw-r--r-- cn /etc/default/prometheus-mirror
-rw-r--r-- cn /etc/prometheus-mirror/config.yaml
-rwxr-xr-x - /usr/bin/prometheus-mirror
-rw-r--r-- - /usr/lib/systemd/system/prometheus-mirror.service
-rw-r--r-- - /usr/share/bash-completion/completions/prometheus-mirror
-rw-r--r-- - /usr/share/fish/vendor_completions.d/prometheus-mirror.fish
-rw-r--r-- - /usr/share/licenses/prometheus-mirror/LICENSE
-rw-r--r-- - /usr/share/licenses/prometheus-mirror/third-party-licenses.txt
-rw-r--r-- - /usr/share/zsh/site-functions/_prometheus-mirror'

# rpm_inside [OPTION]…: RPM knows nothing there of what dpkg has installed, and Debian's wants to be told
# that it is meant.
rpm_inside() { inside rpm --force-debian --nodeps "$@" >"$scratch/rpm.log" 2>&1 || die "rpm $*: $(<"$scratch/rpm.log")"; }

# check_rpm FILE: what the package says of itself; FILE is one of the root.
check_rpm() {
  local held said
  held=$(inside rpm -qp --queryformat '[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILEFLAGS:fflags}- %{FILENAMES}\n]' "$1")
  if grep -v ' root:root ' <<<"$held"; then die "not root's: see above"; fi
  # Documents are marked, and nothing else is.
  if grep -E '/usr/share/(doc|man)/' <<<"$held" | grep -v '^-rw-r--r-- root:root d- '; then die "no documents: see above"; fi
  [[ $(grep -c ' d- /usr/share/man/man1/' <<<"$held") == "$(find target/package/man -name '*.1' | wc -l)" ]] || die "man pages: $held"
  held=$(grep -vE '/usr/share/(doc|man)/' <<<"$held" | sed -E 's/ root:root / /; s/ ([a-z]+)- / \1 /')
  [[ $(LC_ALL=C sort <<<"$held") == "$(LC_ALL=C sort <<<"$rpm_contents")" ]] || die "the RPM holds: $held"
  said=$(inside rpm -qp --requires "$1" | grep -v '^rpmlib(' | LC_ALL=C sort -u | tr '\n' ' ')
  [[ $said == "/bin/sh config(prometheus-mirror) = $version-1 coreutils " ]] || die "the RPM requires: $said"
  said=$(inside rpm -qp --scripts "$1" | sed -n 's/ scriptlet.*//p' | tr '\n' ' ')
  [[ $said == 'postinstall preuninstall postuninstall ' ]] || die "scriptlets: $said"
  for said in post preun postun; do
    sh -n "deploy/rpm/$said"
  done
}

# make_rpms: three versions, in the root.
make_rpms() {
  scripts/package/rpm.sh "$mirror" "$version" "$scratch/mirror.rpm"
  scripts/package/rpm.sh "$mirror" "$version" "$scratch/again.rpm"
  cmp "$scratch/mirror.rpm" "$scratch/again.rpm" || die "two RPMs of one binary differ"
  scripts/package/rpm.sh "$mirror" "$version+newer" "$scratch/newer.rpm"
  scripts/package/rpm.sh "$mirror" "$version-rc.1" "$scratch/candidate.rpm"
  cp "$scratch"/{mirror,newer,candidate}.rpm "$root/tmp/"
}

# try_rpm: installed, upgraded and erased where nothing runs.
try_rpm() {
  make_rpms
  check_rpm /tmp/mirror.rpm
  say "RPM: contents, modes, flags, scriptlets and what it requires are as listed"
  rpm_inside --install /tmp/candidate.rpm
  # RPM refuses to upgrade to what it takes for older.
  rpm_inside --upgrade /tmp/mirror.rpm
  rpm_inside --erase prometheus-mirror
  rm "$root/$etc/api-key"

  rpm_inside --install /tmp/mirror.rpm
  tells_of_key "$scratch/rpm.log"
  is_wanted || die "installed by rpm where systemd does not run, the unit is not enabled"
  [[ $(inside rpm --query prometheus-mirror) == "prometheus-mirror-$version-1."* ]] || die "rpm knows nothing of it"
  inside prometheus-mirror check-config "/$etc/config.yaml" >/dev/null || die "its configuration is not good"
  serve_and_ask
  cp "$root/$etc/api-key" "$scratch/key"
  echo 'log: { format: text }' >>"$root/$etc/config.yaml"
  rpm_inside --upgrade /tmp/newer.rpm
  cmp -s "$scratch/key" "$root/$etc/api-key" || die "the upgrade of the RPM changed the key"
  grep -q 'format: text' "$root/$etc/config.yaml" || die "the upgrade of the RPM changed the configuration"
  is_wanted || die "the upgrade of the RPM disables the unit"
  if inside rpm --verify --nodeps prometheus-mirror | grep -v ' c /etc/prometheus-mirror/config.yaml$'; then die "not as packed"; fi
  serve_and_ask
  rpm_inside --erase prometheus-mirror
  [[ -e $root/$etc/api-key && -e $root/$etc/config.yaml.rpmsave ]] || die "rpm erases key or configuration"
  if [[ -e $root/usr/bin/prometheus-mirror ]] || is_wanted; then die "erased, and binary or link are there"; fi
  say "RPM: installed, asked, upgraded and asked, erased"
}

# rpm_under_systemd: the unit of the RPM.
rpm_under_systemd() {
  local before
  mkdir -p "$root/etc/default"
  printf 'PORT=%s\nADMIN_PORT=%s\n' "$port" "$admin" >"$root/etc/default/prometheus-mirror"
  cp "$scratch"/{mirror,newer}.rpm "$root/tmp/"
  by_rpm --install /tmp/mirror.rpm
  is_enabled || die "the installation of the RPM does not enable the unit"
  ask_unit
  before=$(booted systemctl show --property MainPID --value prometheus-mirror)
  by_rpm --upgrade /tmp/newer.rpm
  is_another() { is_running && [[ $(booted systemctl show --property MainPID --value prometheus-mirror) != "$before" ]]; }
  await "$first" is_another || die "the upgrade of the RPM does not restart the unit"
  ask_unit
  by_rpm --erase prometheus-mirror
  ! is_running || die "erased, and it runs"
  by_rpm --install /tmp/newer.rpm
  is_enabled || die "installed by rpm after an erasure, the unit is not enabled"
  ask_unit
  booted systemctl disable --quiet --now prometheus-mirror
  by_rpm --upgrade --oldpackage /tmp/mirror.rpm
  is_off || die "what an administrator has disabled is on again after an upgrade of the RPM"
  by_rpm --erase prometheus-mirror
  say "RPM under systemd: installed, upgraded, erased, installed and asked; disabled it stays disabled"
}

by_rpm() { booted rpm --force-debian --nodeps "$@" >"$scratch/rpm.log" 2>&1 || die "rpm $*: $(<"$scratch/rpm.log")"; }
