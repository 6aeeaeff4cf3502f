#include "transport/address_order.h"

namespace gvpn::transport {

QList<QHostAddress> orderAddresses(const QList<QHostAddress>& resolved)
{
    QList<QHostAddress> first;
    QList<QHostAddress> second;
    for (const QHostAddress& address : resolved) {
        if (address.protocol() != QHostAddress::IPv4Protocol && address.protocol() != QHostAddress::IPv6Protocol)
            continue;
        const bool isOfFirstFamily = first.isEmpty() || address.protocol() == first.constFirst().protocol();
        QList<QHostAddress>& family = isOfFirstFamily ? first : second;
        if (!family.contains(address))
            family.append(address);
    }

    QList<QHostAddress> ordered;
    for (qsizetype i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size())
            ordered.append(first.at(i));
        if (i < second.size())
            ordered.append(second.at(i));
    }
    return ordered.mid(0, MaxConnectAddresses);
}

}  // namespace gvpn::transport
