# What is in a folder, in an order that does not depend on the machine: types, modes, times, sizes,
# link targets, link counts, hashes, user attributes, ACLs. Owners are left out: only root restores them.
cd "$1"
export LC_ALL=C TZ=UTC
find . -mindepth 1 ! -type d -printf '%p %y %m %TY-%Tm-%Td %TT %n %l\0' | sort -z | tr '\0' '\n'
find . -mindepth 1 -type d -printf '%p %y %m %TY-%Tm-%Td %TT\0' | sort -z | tr '\0' '\n'
find . -type f -print0 | sort -z | xargs -0 sha256sum -z | tr '\0' '\n'
find . -type f -print0 | sort -z | xargs -0 getfattr -h -d -m '^user\.' --absolute-names 2>/dev/null
find . -type f -print0 | sort -z | xargs -0 getfacl -n -s --absolute-names 2>/dev/null | grep -v '^# \(owner\|group\)'
