#!/bin/bash
# A computer with a system bus, polkit and the installed helper, for bus_world.py: started in namespaces of its own for
# mounts and processes, ends with all that it has started. Arguments: a scratch folder, the build directory.
set -eu
layer=$1 build=$2
mkdir -p "$layer"
mount -t tmpfs none "$layer"
for folder in usr etc var; do
    mkdir -p "$layer/$folder"/{up,work}
    mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$layer/$folder/up,workdir=$layer/$folder/work" "/$folder"
done
for user in gvpn-active gvpn-admin gvpn-guest gvpn-denied; do
    useradd -M -d /nonexistent -s /usr/sbin/nologin "$user"
done
cmake --install "$build" --component gvpn --prefix /usr >/dev/null
# In place of a login manager, which would say who sits at the screen.
cat >/usr/share/polkit-1/rules.d/00-gvpn-test.rules <<'RULES'
polkit.addRule(function(action, subject) {
    if (action.id.indexOf("org.gvpn.") !== 0)
        return polkit.Result.NOT_HANDLED;
    if (subject.user == "gvpn-denied")
        return polkit.Result.NO;
    if (subject.user == "gvpn-admin" || (subject.user == "gvpn-active" && action.id == "org.gvpn.connect"))
        return polkit.Result.YES;
    return polkit.Result.NOT_HANDLED;
});
RULES
mkdir -p /run/dbus
mount -t tmpfs -o mode=755 none /run/dbus
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin dbus-daemon --system --nofork --nopidfile --nosyslog &
until [ -S /run/dbus/system_bus_socket ]; do sleep 0.05; done
echo '{"event": "ready"}'
# The world goes on without a bus.
wait || true
sleep infinity
