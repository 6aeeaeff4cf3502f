#!/bin/bash
# The file systems of debian_tree.py: started in a mount namespace of its own, says "ready", stays until it is killed,
# and nothing is left. Arguments: the tree as an archive, apt's downloads, the packages under test, a scratch folder.
set -eu
archive=$1 downloads=$2 packages=$3 layer=$4 root=$4/root
mount -t tmpfs -o mode=755 none "$layer"
mkdir "$root" "$layer/cgroup"
# A mount of its own can become the root of a booted system.
mount -t tmpfs -o mode=755 none "$root"
tar --extract --file "$archive" --directory "$root" --same-owner --numeric-owner
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 none "$root/run"
mkdir "$root/srv/packages"
mount --bind "$packages" "$root/srv/packages"
mount --bind "$downloads" "$root/var/cache/apt/archives"
cp --remove-destination /etc/resolv.conf "$root/etc/resolv.conf"
# No package starts a service.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
echo '{"event": "ready"}'
exec sleep infinity
