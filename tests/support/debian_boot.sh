#!/bin/bash
# Boots a tree of debian_tree.py: systemd as the first process of its own namespaces for processes, mounts and control
# groups, in the caller's network. Argument: the tree's scratch folder. Ends with everything in it when it is killed.
set -eu
layer=$1 root=$1/root
if [ "${2:-}" != inside ]; then
    mount -t cgroup2 none "$layer/cgroup"
    mkdir "$layer/cgroup/gvpn-test-$$"
    echo $$ >"$layer/cgroup/gvpn-test-$$/cgroup.procs"
    exec unshare -mpfCu --kill-child --propagation private "$0" "$layer" inside
fi
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 none "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 none "$root/run"
devices=$layer/devices
mkdir "$devices" "$devices/net" "$devices/pts" "$devices/shm"
for name in null zero full random urandom tty net/tun; do
    touch "$devices/$name"
    mount --bind "/dev/$name" "$devices/$name"
done
mount --rbind "$devices" "$root/dev"
cd "$root"
mkdir -p before
pivot_root . before
umount -l before
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --unit=multi-user.target --log-target=null --show-status=no
