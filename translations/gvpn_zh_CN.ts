<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>Notices</name>
    <message>
        <source>%1: connected again</source>
        <translation>%1：已重新连接</translation>
    </message>
    <message>
        <source>%1: connected</source>
        <translation>%1：已连接</translation>
    </message>
    <message>
        <source>%1: connection lost</source>
        <translation>%1：连接中断</translation>
    </message>
    <message>
        <source>%1: could not connect</source>
        <translation>%1：无法连接</translation>
    </message>
    <message>
        <source>%1: could not connect yet, trying again</source>
        <translation>%1：暂时无法连接，正在重试</translation>
    </message>
    <message>
        <source>%1: first connection</source>
        <translation>%1：首次连接</translation>
    </message>
    <message>
        <source>%1 gives you access to: %2</source>
        <translation>%1 让您可以访问：%2</translation>
    </message>
    <message>
        <source>%1: more networks</source>
        <translation>%1：更多网络</translation>
    </message>
    <message>
        <source>%1 now also gives you access to: %2. If you did not expect that, ask its administrator.</source>
        <translation>%1 现在还让您可以访问：%2。如果这出乎您的意料，请询问其管理员。</translation>
    </message>
</context>
<context>
    <name>Options</name>
    <message>
        <source>Connects this computer to office networks, from the tray.</source>
        <translation>从托盘把这台电脑接入办公室网络。</translation>
    </message>
    <message>
        <source>A server&apos;s link: it is shown and, after a yes, remembered.</source>
        <translation>服务器的链接：先显示，您同意后记住。</translation>
    </message>
    <message>
        <source>Start in the tray, without a window.</source>
        <translation>在托盘中启动，不显示窗口。</translation>
    </message>
    <message>
        <source>debug, info (default) or warning.</source>
        <translation>debug、info（默认）或 warning。</translation>
    </message>
    <message>
        <source>Show this text.</source>
        <translation>显示本说明。</translation>
    </message>
    <message>
        <source>Show the version.</source>
        <translation>显示版本。</translation>
    </message>
    <message>
        <source>%1. See gvpn-gui --help.</source>
        <translation>%1。请参阅 gvpn-gui --help。</translation>
    </message>
    <message>
        <source>Give one link, in quotes: there is more than one argument.</source>
        <translation>请给出一个带引号的链接：参数不止一个。</translation>
    </message>
    <message>
        <source>--log-level has to be debug, info or warning.</source>
        <translation>--log-level 必须是 debug、info 或 warning。</translation>
    </message>
</context>
<context>
    <name>Presenter</name>
    <message>
        <source>Not connected</source>
        <translation>未连接</translation>
    </message>
    <message>
        <source>Click Connect to reach the network behind %1.</source>
        <translation>点击“连接”即可访问 %1 后面的网络。</translation>
    </message>
    <message>
        <source>&amp;Connect</source>
        <translation>连接(&amp;C)</translation>
    </message>
    <message>
        <source>Connecting</source>
        <translation>正在连接</translation>
    </message>
    <message>
        <source>Getting ready …</source>
        <translation>正在准备…</translation>
    </message>
    <message>
        <source>Cance&amp;l</source>
        <translation>取消(&amp;L)</translation>
    </message>
    <message>
        <source>Could not connect</source>
        <translation>无法连接</translation>
    </message>
    <message>
        <source>The connection ended</source>
        <translation>连接已结束</translation>
    </message>
    <message numerus="yes">
        <source>Waiting: next try in %n second(s)</source>
        <translation>
            <numerusform>等待中：%n 秒后重试</numerusform>
        </translation>
    </message>
    <message>
        <source>&amp;Stop trying</source>
        <translation>停止重试(&amp;S)</translation>
    </message>
    <message>
        <source>Connected</source>
        <translation>已连接</translation>
    </message>
    <message>
        <source>You are connected to %1.</source>
        <translation>您已连接到 %1。</translation>
    </message>
    <message>
        <source>You can reach: %1</source>
        <translation>您可以访问：%1</translation>
    </message>
    <message>
        <source>&amp;Disconnect</source>
        <translation>断开(&amp;D)</translation>
    </message>
    <message>
        <source>Looking up the server&apos;s name …</source>
        <translation>正在查找服务器…</translation>
    </message>
    <message>
        <source>Reaching the server …</source>
        <translation>正在联系服务器…</translation>
    </message>
    <message>
        <source>Checking the server&apos;s identity …</source>
        <translation>正在核对服务器身份…</translation>
    </message>
    <message>
        <source>Logging in …</source>
        <translation>正在登录…</translation>
    </message>
    <message>
        <source>Getting an address …</source>
        <translation>正在获取地址…</translation>
    </message>
    <message>
        <source>Opening the tunnel …</source>
        <translation>正在打开隧道…</translation>
    </message>
    <message>
        <source>Setting up the way to the network …</source>
        <translation>正在设置通往网络的路径…</translation>
    </message>
    <message>
        <source>Setting up names …</source>
        <translation>正在设置名称解析…</translation>
    </message>
    <message>
        <source>Trying the tunnel …</source>
        <translation>正在测试隧道…</translation>
    </message>
    <message>
        <source>Needs attention</source>
        <translation>需要注意</translation>
    </message>
    <message>
        <source>Reconnecting</source>
        <translation>正在重新连接</translation>
    </message>
    <message>
        <source>Disconnecting</source>
        <translation>正在断开</translation>
    </message>
    <message>
        <source>Putting your network back as it was …</source>
        <translation>正在把您的网络恢复原样…</translation>
    </message>
    <message numerus="yes">
        <source>Next try in %n second(s)</source>
        <translation>
            <numerusform>%n 秒后重试</numerusform>
        </translation>
    </message>
    <message>
        <source>%1: disconnecting</source>
        <translation>%1：正在断开</translation>
    </message>
    <message>
        <source>Connect %1 (could not connect)</source>
        <translation>连接 %1（上次无法连接）</translation>
    </message>
    <message>
        <source>Connect %1</source>
        <translation>连接 %1</translation>
    </message>
    <message>
        <source>Disconnect %1 (connected)</source>
        <translation>断开 %1（已连接）</translation>
    </message>
    <message>
        <source>Disconnect %1 (waiting)</source>
        <translation>断开 %1（等待中）</translation>
    </message>
    <message>
        <source>Disconnect %1 (connecting)</source>
        <translation>断开 %1（正在连接）</translation>
    </message>
    <message>
        <source>Your address</source>
        <translation>您的地址</translation>
    </message>
    <message>
        <source>Server</source>
        <translation>服务器</translation>
    </message>
    <message>
        <source>Networks</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Connected for</source>
        <translation>连接时长</translation>
    </message>
    <message>
        <source>Round trip</source>
        <translation>往返时间</translation>
    </message>
    <message>
        <source>Sent</source>
        <translation>已发送</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>已接收</translation>
    </message>
    <message>
        <source>%1: connected as %2 for %3</source>
        <translation>%1：已连接，地址 %2，时长 %3</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1：%2</translation>
    </message>
    <message>
        <source>gvpn: not connected</source>
        <translation>gvpn：未连接</translation>
    </message>
    <message>
        <source>Profile: %1</source>
        <translation>配置：%1</translation>
    </message>
    <message>
        <source>Server: %1</source>
        <translation>服务器：%1</translation>
    </message>
    <message>
        <source>What happened: %1</source>
        <translation>发生了什么：%1</translation>
    </message>
    <message>
        <source>Stage: %1, code: %2</source>
        <translation>阶段：%1，代码：%2</translation>
    </message>
    <message>
        <source>Time: %1</source>
        <translation>时间：%1</translation>
    </message>
    <message>
        <source>Program: gvpn %1 on %2</source>
        <translation>程序：gvpn %1，系统：%2</translation>
    </message>
    <message>
        <source>Remark: %1</source>
        <translation>备注：%1</translation>
    </message>
    <message>
        <source>Dropped packets</source>
        <translation>丢弃的数据包</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Congestion control</source>
        <translation>拥塞控制</translation>
    </message>
</context>
<context>
    <name>Questions</name>
    <message>
        <source>Add this network?</source>
        <translation>添加这个网络？</translation>
    </message>
    <message>
        <source>A link wants to add a network. Say yes only if you know who sent it to you.</source>
        <translation>有一个链接想添加网络。只有在您知道是谁发来的时候才同意。</translation>
    </message>
    <message>
        <source>Server</source>
        <translation>服务器</translation>
    </message>
    <message>
        <source>Fingerprint</source>
        <translation>指纹</translation>
    </message>
    <message>
        <source>Access to</source>
        <translation>可以访问</translation>
    </message>
    <message>
        <source>private networks that this server names</source>
        <translation>这台服务器指定的私有网络</translation>
    </message>
    <message>
        <source>Nothing is connected yet: you do that with Connect.</source>
        <translation>现在还不会连接：连接要由您点击“连接”。</translation>
    </message>
    <message>
        <source>&amp;Add</source>
        <translation>添加(&amp;A)</translation>
    </message>
    <message>
        <source>Cance&amp;l</source>
        <translation>取消(&amp;L)</translation>
    </message>
    <message>
        <source>User</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>You have this server already, as %1. That profile is used again.</source>
        <translation>您已经有这台服务器，名为 %1。将继续使用那个配置。</translation>
    </message>
    <message>
        <source>You have a profile for this server already, %1, with ANOTHER fingerprint. It stays as it is, and a second one is added. If you did not expect that, ask the administrator first.</source>
        <translation>您已经有这台服务器的配置 %1，但指纹不同！它会保持原样，并另外添加一个配置。如果这出乎您的意料，请先询问管理员。</translation>
    </message>
    <message>
        <source>Is this the right server?</source>
        <translation>这是正确的服务器吗？</translation>
    </message>
    <message>
        <source>This is the first connection of %1, and nobody has told this computer yet how to know its server.</source>
        <translation>这是 %1 的首次连接，还没有人告诉这台电脑如何辨认它的服务器。</translation>
    </message>
    <message>
        <source>Ask the administrator to read the server&apos;s fingerprint to you. Trust it only if both are the same.</source>
        <translation>请让管理员把服务器的指纹念给您听。只有两者相同时才信任它。</translation>
    </message>
    <message>
        <source>&amp;Trust this server</source>
        <translation>信任这台服务器(&amp;T)</translation>
    </message>
    <message>
        <source>Delete a profile</source>
        <translation>删除配置</translation>
    </message>
    <message>
        <source>Delete %1?</source>
        <translation>删除 %1？</translation>
    </message>
    <message>
        <source>It is disconnected first. To get it back you need a new link.</source>
        <translation>会先断开它。要恢复它，您需要一个新的链接。</translation>
    </message>
    <message>
        <source>To get it back you need a new link.</source>
        <translation>要恢复它，您需要一个新的链接。</translation>
    </message>
    <message>
        <source>&amp;Delete</source>
        <translation>删除(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Keep</source>
        <translation>保留(&amp;K)</translation>
    </message>
    <message>
        <source>Quit gvpn</source>
        <translation>退出 gvpn</translation>
    </message>
    <message numerus="yes">
        <source>Quitting ends %n connection(s).</source>
        <translation>
            <numerusform>退出会结束 %n 个连接。</numerusform>
        </translation>
    </message>
    <message>
        <source>To keep them, close the window instead.</source>
        <translation>要保留连接，请只关闭窗口。</translation>
    </message>
    <message>
        <source>&amp;Disconnect and quit</source>
        <translation>断开并退出(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Stay</source>
        <translation>留下(&amp;S)</translation>
    </message>
    <message>
        <source>This computer knows this server already, by ANOTHER fingerprint. If you did not expect that, ask the administrator first.</source>
        <translation>这台电脑已经认识这台服务器，但指纹不同！如果这出乎您的意料，请先询问管理员。</translation>
    </message>
    <message>
        <source>You have this server already, as %1, which has not used its own invite yet. It stays as it is, and a second profile is added.</source>
        <translation>您已经有这台服务器，名为 %1，它自己的邀请还没有使用。它会保持原样，并另外添加一个配置。</translation>
    </message>
</context>
<context>
    <name>Units</name>
    <message>
        <source>%1 B</source>
        <translation>%1 B</translation>
    </message>
    <message>
        <source>%1 kB</source>
        <translation>%1 kB</translation>
    </message>
    <message>
        <source>%1 MB</source>
        <translation>%1 MB</translation>
    </message>
    <message>
        <source>%1 GB</source>
        <translation>%1 GB</translation>
    </message>
    <message>
        <source>%1 TB</source>
        <translation>%1 TB</translation>
    </message>
    <message>
        <source>%1 B/s</source>
        <translation>%1 B/s</translation>
    </message>
    <message>
        <source>%1 kB/s</source>
        <translation>%1 kB/s</translation>
    </message>
    <message>
        <source>%1 MB/s</source>
        <translation>%1 MB/s</translation>
    </message>
    <message>
        <source>%1 GB/s</source>
        <translation>%1 GB/s</translation>
    </message>
    <message>
        <source>%1 TB/s</source>
        <translation>%1 TB/s</translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 秒</translation>
    </message>
    <message>
        <source>%1 min %2 s</source>
        <translation>%1 分 %2 秒</translation>
    </message>
    <message>
        <source>%1 h %2 min</source>
        <translation>%1 小时 %2 分</translation>
    </message>
    <message numerus="yes">
        <source>%n day(s) %1 h</source>
        <translation>
            <numerusform>%n 天 %1 小时</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 ms</source>
        <translation>%1 毫秒</translation>
    </message>
</context>
<context>
    <name>Widgets</name>
    <message>
        <source>This link can&apos;t be used: %1. Copy the whole link again, or ask for a new one.</source>
        <translation>这个链接不能用：%1。请重新复制整个链接，或者索取一个新的。</translation>
    </message>
</context>
<context>
    <name>gvpn::cli</name>
    <message>
        <source>Connected: address %1 on %2.</source>
        <translation>已连接：地址 %1，接口 %2。</translation>
    </message>
    <message>
        <source>Reachable now: %1.</source>
        <translation>现在可以访问：%1。</translation>
    </message>
    <message>
        <source>Connecting to %1 …</source>
        <translation>正在连接到 %1 …</translation>
    </message>
    <message>
        <source>Trying again in %1 s.</source>
        <translation>%1 秒后重试。</translation>
    </message>
    <message>
        <source>Disconnected.</source>
        <translation>已断开。</translation>
    </message>
    <message>
        <source>user %1</source>
        <translation>用户 %1</translation>
    </message>
    <message>
        <source>(its invite is not redeemed yet)</source>
        <translation>（邀请尚未兑换）</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Server</source>
        <translation>服务器</translation>
    </message>
    <message>
        <source>Key of the server</source>
        <translation>服务器的密钥</translation>
    </message>
    <message>
        <source>not known yet, the first connection asks</source>
        <translation>尚不知道，首次连接时会询问</translation>
    </message>
    <message>
        <source>User</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>Accepted routes</source>
        <translation>接受的路由</translation>
    </message>
    <message>
        <source>Networks so far</source>
        <translation>目前的网络</translation>
    </message>
    <message>
        <source>Connects at start</source>
        <translation>启动时连接</translation>
    </message>
    <message>
        <source>Reconnects</source>
        <translation>自动重连</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>密码</translation>
    </message>
    <message>
        <source>in the keyring</source>
        <translation>在密钥环中</translation>
    </message>
    <message>
        <source>asked for when needed</source>
        <translation>需要时询问</translation>
    </message>
    <message>
        <source>Key of this computer</source>
        <translation>这台电脑的密钥</translation>
    </message>
    <message>
        <source>in a file of the state directory</source>
        <translation>在状态目录的文件中</translation>
    </message>
    <message>
        <source>Invite</source>
        <translation>邀请</translation>
    </message>
    <message>
        <source>not redeemed yet</source>
        <translation>尚未兑换</translation>
    </message>
    <message>
        <source>none waits</source>
        <translation>没有待兑换的</translation>
    </message>
    <message>
        <source>Made</source>
        <translation>创建时间</translation>
    </message>
    <message>
        <source>There is no profile yet: connect with a link to get one.</source>
        <translation>还没有配置：用链接连接一次即可得到。</translation>
    </message>
    <message>
        <source>Removed the profile %1.</source>
        <translation>已删除配置 %1。</translation>
    </message>
    <message>
        <source>Could not import %1: %2; export the profile again where it comes from.</source>
        <translation>无法导入 %1：%2；请在来源处重新导出该配置。</translation>
    </message>
    <message>
        <source>Could not import %1: there is a profile %2 already; remove that one first.</source>
        <translation>无法导入 %1：已经有配置 %2；请先删除它。</translation>
    </message>
    <message>
        <source>Left out of it, since they are public networks: %1; to reach one, name it with --accept-routes when you connect.</source>
        <translation>因为是公共网络而被略去：%1；要访问其中之一，请在连接时用 --accept-routes 指定。</translation>
    </message>
    <message>
        <source>The link on standard input can&apos;t be used: %1.</source>
        <translation>标准输入中的链接不能用：%1。</translation>
    </message>
    <message>
        <source>The password can&apos;t be used: %1.</source>
        <translation>这个密码不能用：%1。</translation>
    </message>
    <message>
        <source>Could not read the password: %1; give a descriptor that is open.</source>
        <translation>无法读取密码：%1；请给出一个打开的描述符。</translation>
    </message>
    <message>
        <source>Password of %1: </source>
        <translation>%1 的密码：</translation>
    </message>
    <message>
        <source>No password was given: %1.</source>
        <translation>没有给出密码：%1。</translation>
    </message>
    <message>
        <source>Names resolved there: %1.</source>
        <translation>在那里解析的名称：%1。</translation>
    </message>
    <message>
        <source>Names of the office</source>
        <translation>办公室的名称</translation>
    </message>
    <message>
        <source>asked there</source>
        <translation>在那里查询</translation>
    </message>
    <message>
        <source>left as they are</source>
        <translation>保持原样</translation>
    </message>
    <message>
        <source>Domains accepted as well</source>
        <translation>另外接受的域名</translation>
    </message>
</context>
<context>
    <name>gvpn::cli::Application</name>
    <message>
        <source>--tun %1: %2.</source>
        <translation>--tun %1：%2。</translation>
    </message>
    <message>
        <source>A password needs a user, and the profile names none: give --user NAME as well.</source>
        <translation>密码需要用户，而配置没有指定：请同时给出 --user NAME。</translation>
    </message>
    <message>
        <source>The server %1 shows the key
    %2
and no key of it is known here. Compare it with what the server shows.
Trust it from now on? (yes/no)</source>
        <translation>服务器 %1 出示的密钥是
    %2
这里还不知道它的密钥。请与服务器显示的内容比较。
从现在起信任它吗？(yes/no)</translation>
    </message>
</context>
<context>
    <name>gvpn::client</name>
    <message>
        <source>The connection to %1 was lost</source>
        <translation>与 %1 的连接中断了</translation>
    </message>
    <message>
        <source>Could not begin to speak v1 with %1</source>
        <translation>无法与 %1 开始 v1 协议</translation>
    </message>
    <message>
        <source>Could not find the server %1</source>
        <translation>找不到服务器 %1</translation>
    </message>
    <message>
        <source>Could not reach %1</source>
        <translation>无法联系 %1</translation>
    </message>
    <message>
        <source>Could not make a secure connection to %1</source>
        <translation>无法与 %1 建立安全连接</translation>
    </message>
    <message>
        <source>Could not log in to %1</source>
        <translation>无法登录 %1</translation>
    </message>
    <message>
        <source>Could not get a tunnel address from %1</source>
        <translation>无法从 %1 获得隧道地址</translation>
    </message>
    <message>
        <source>Could not use a tunnel interface for %1</source>
        <translation>无法为 %1 使用隧道接口</translation>
    </message>
    <message>
        <source>Could not set up addresses and routes for %1</source>
        <translation>无法为 %1 设置地址和路由</translation>
    </message>
    <message>
        <source>Could not set up name resolution for %1</source>
        <translation>无法为 %1 设置名称解析</translation>
    </message>
    <message>
        <source>Packets don&apos;t come through the tunnel to %1</source>
        <translation>数据包无法通过到 %1 的隧道</translation>
    </message>
    <message>
        <source>it showed the key %1, but the trusted one is %2</source>
        <translation>它出示的密钥是 %1，但受信任的是 %2</translation>
    </message>
    <message>
        <source>its key %1 is not known here</source>
        <translation>这里不知道它的密钥 %1</translation>
    </message>
    <message>
        <source>another client holds the address (%1)</source>
        <translation>另一个客户端占用了该地址（%1）</translation>
    </message>
    <message>
        <source>it was refused: %1</source>
        <translation>被拒绝：%1</translation>
    </message>
    <message>
        <source>no reason is known</source>
        <translation>原因不明</translation>
    </message>
    <message>
        <source>check this computer&apos;s network and that gvpn-server is still running</source>
        <translation>请检查这台电脑的网络，以及 gvpn-server 是否还在运行</translation>
    </message>
    <message>
        <source>check the name and this computer&apos;s network</source>
        <translation>请检查名称和这台电脑的网络</translation>
    </message>
    <message>
        <source>check that gvpn-server is running and that its port is forwarded to it</source>
        <translation>请检查 gvpn-server 是否在运行，以及端口是否已转发给它</translation>
    </message>
    <message>
        <source>look at the firewall of the server and at other VPN programs on this computer</source>
        <translation>请查看服务器的防火墙和这台电脑上的其他 VPN 程序</translation>
    </message>
    <message>
        <source>check that gvpn-server answers on this port, and look at its log</source>
        <translation>请检查 gvpn-server 是否在这个端口应答，并查看它的日志</translation>
    </message>
    <message>
        <source>look at the firewalls of this computer and on the way</source>
        <translation>请查看这台电脑和途中的防火墙</translation>
    </message>
    <message>
        <source>run it with sudo, or allow it once with: sudo setcap cap_net_admin+ep on the program</source>
        <translation>请用 sudo 运行，或者对程序执行一次：sudo setcap cap_net_admin+ep</translation>
    </message>
    <message>
        <source>correct the owner and the permissions of what is named here</source>
        <translation>请更正此处所指对象的所有者和权限</translation>
    </message>
    <message>
        <source>choose another name with --tun, or none to get a free one</source>
        <translation>请用 --tun 选择另一个名称，或者不指定以得到空闲的名称</translation>
    </message>
    <message>
        <source>leave or remove on this computer what is in the way, or ask the server&apos;s administrator for another tunnel network</source>
        <translation>请离开或移除这台电脑上的冲突网络，或者请服务器管理员换一个隧道网络</translation>
    </message>
    <message>
        <source>remove what is in the way and connect again</source>
        <translation>请移除冲突的内容后重新连接</translation>
    </message>
    <message>
        <source>if the server&apos;s administrator confirms it, name this network with --accept-routes</source>
        <translation>如果服务器管理员确认无误，请用 --accept-routes 指定这个网络</translation>
    </message>
    <message>
        <source>choose another address with --cidr, or leave the choice to the server</source>
        <translation>请用 --cidr 选择另一个地址，或者让服务器选择</translation>
    </message>
    <message>
        <source>choose another address with --cidr, or end the other client (gvpn-server forgets one that died within 30 s)</source>
        <translation>请用 --cidr 选择另一个地址，或者结束另一个客户端（gvpn-server 会在 30 秒内忘记已消失的客户端）</translation>
    </message>
    <message>
        <source>choose with --cidr a free address of the server&apos;s tunnel network</source>
        <translation>请用 --cidr 选择服务器隧道网络中的空闲地址</translation>
    </message>
    <message>
        <source>start gvpn-server with --allow-v1 --login none, or leave out --v1 here</source>
        <translation>请用 --allow-v1 --login none 启动 gvpn-server，或者这里不用 --v1</translation>
    </message>
    <message>
        <source>bring both ends to version 1 of the protocol, or leave out --v1 if it is gvpn-server&apos;s port</source>
        <translation>请让两端都使用协议第 1 版，如果这是 gvpn-server 的端口则不用 --v1</translation>
    </message>
    <message>
        <source>check that a server that speaks v1 answers on this port (gvpn-server with --allow-v1), and look at its log</source>
        <translation>请检查这个端口上是否有支持 v1 的服务器应答（带 --allow-v1 的 gvpn-server），并查看它的日志</translation>
    </message>
    <message>
        <source>put it back (for the device: load the kernel module tun)</source>
        <translation>请把它恢复（如果是设备：加载内核模块 tun）</translation>
    </message>
    <message>
        <source>put back what is missing and connect again</source>
        <translation>请恢复缺少的内容后重新连接</translation>
    </message>
    <message>
        <source>check the user name and the password, or ask the server&apos;s administrator</source>
        <translation>请检查用户名和密码，或询问服务器管理员</translation>
    </message>
    <message>
        <source>ask the server&apos;s administrator, who can make a new link</source>
        <translation>请联系服务器管理员，管理员可以生成新的链接</translation>
    </message>
    <message>
        <source>the password was sent once, but the connection broke before its answer came: connect again and give the password again</source>
        <translation>密码已发送过一次，但在收到答复之前连接断开了：请重新连接并再次输入密码</translation>
    </message>
    <message>
        <source>give the user&apos;s password (--user NAME asks for it on a terminal, --password-stdin reads it), or ask the server&apos;s administrator, who can make an invite link for this computer</source>
        <translation>请给出用户的密码（--user NAME 会在终端询问，--password-stdin 会读取），或请服务器管理员为这台电脑生成邀请链接</translation>
    </message>
    <message>
        <source>ask the server&apos;s administrator, who can make an invite link for this computer</source>
        <translation>请服务器管理员为这台电脑生成邀请链接</translation>
    </message>
    <message>
        <source>try again in a minute</source>
        <translation>请一分钟后再试</translation>
    </message>
    <message>
        <source>somebody may be pretending to be the server; if its administrator says that it has a new key, only a new link from the administrator helps</source>
        <translation>可能有人在冒充服务器；如果管理员说服务器换了新密钥，只有管理员发来的新链接才有用</translation>
    </message>
    <message>
        <source>compare it with what the server shows, then connect with --pin and that key, or with --trust-on-first-use</source>
        <translation>请与服务器显示的内容比较，然后用 --pin 加该密钥连接，或使用 --trust-on-first-use</translation>
    </message>
    <message>
        <source>bring gvpn to the same version on both ends</source>
        <translation>请让两端使用相同版本的 gvpn</translation>
    </message>
    <message>
        <source>check that this port is gvpn-server&apos;s and that both ends have the same version</source>
        <translation>请检查这个端口是否属于 gvpn-server，以及两端版本是否相同</translation>
    </message>
    <message>
        <source>look for another program that connects with this computer&apos;s key</source>
        <translation>请查找另一个用这台电脑的密钥连接的程序</translation>
    </message>
    <message>
        <source>ask the server&apos;s administrator before you connect again</source>
        <translation>重新连接之前请询问服务器管理员</translation>
    </message>
    <message>
        <source>connect again when the server is back</source>
        <translation>请在服务器恢复后重新连接</translation>
    </message>
    <message>
        <source>correct or remove what is named here</source>
        <translation>请更正或移除此处所指的内容</translation>
    </message>
    <message>
        <source>do without it on this system</source>
        <translation>这个系统上只能不用它</translation>
    </message>
    <message>
        <source>look at the system&apos;s log</source>
        <translation>请查看系统日志</translation>
    </message>
    <message>
        <source>end the program that uses it</source>
        <translation>请结束正在使用它的程序</translation>
    </message>
    <message>
        <source>%1 (stage %2): %3; %4.</source>
        <translation>%1（阶段 %2）：%3；%4。</translation>
    </message>
    <message>
        <source>The route %1 is not used: no tunnel may take this network.</source>
        <translation>不使用路由 %1：任何隧道都不能占用这个网络。</translation>
    </message>
    <message>
        <source>The route %1 is not used: --accept-routes leaves it out.</source>
        <translation>不使用路由 %1：--accept-routes 没有包括它。</translation>
    </message>
    <message>
        <source>The route %1 is not used: it is a public network; name it with --accept-routes %1 to use it.</source>
        <translation>不使用路由 %1：它是公共网络；要使用它，请用 --accept-routes %1 指定。</translation>
    </message>
    <message>
        <source>The route %1 is not used: this computer is on %2 itself; machines in there answer from here.</source>
        <translation>不使用路由 %1：这台电脑自己就在 %2 中；那里的机器从本地应答。</translation>
    </message>
    <message>
        <source>The route %1 is not used: it holds this computer&apos;s default gateway %2.</source>
        <translation>不使用路由 %1：它包含这台电脑的默认网关 %2。</translation>
    </message>
    <message>
        <source>The route %1 is not used: it holds this computer&apos;s name server %2.</source>
        <translation>不使用路由 %1：它包含这台电脑的域名服务器 %2。</translation>
    </message>
    <message>
        <source>The route %1 is not used: it holds the server&apos;s own address %2.</source>
        <translation>不使用路由 %1：它包含服务器自己的地址 %2。</translation>
    </message>
    <message>
        <source>The route %1 is not used: this computer has that route already, through %2.</source>
        <translation>不使用路由 %1：这台电脑已经有经过 %2 的同一路由。</translation>
    </message>
    <message>
        <source>The congestion control that was asked for can&apos;t be had: %1; the connection goes on with %2.</source>
        <translation>无法使用所要求的拥塞控制：%1；连接继续使用 %2。</translation>
    </message>
    <message>
        <source>Not everything could be put back as it was: %1; look at the routes and interfaces of this computer.</source>
        <translation>未能全部恢复原样：%1；请查看这台电脑的路由和接口。</translation>
    </message>
    <message>
        <source>Did not connect to %1 (stage tls): the key that was given is %2, but the one trusted before is %3; if the server has a new key, only a new link from its administrator helps: connect with that.</source>
        <translation>没有连接到 %1（阶段 tls）：给出的密钥是 %2，但之前信任的是 %3；如果服务器换了新密钥，只有管理员发来的新链接才有用：请用它连接。</translation>
    </message>
    <message>
        <source>Did not connect to %1 (stage tls): the profile %2 names the key %3, but the one trusted for %1 is %4; if the server has a new key, only a new link from its administrator helps: connect with that; else remove the profile with: %5</source>
        <translation>没有连接到 %1（阶段 tls）：配置 %2 指定的密钥是 %3，但为 %1 信任的是 %4；如果服务器换了新密钥，只有管理员发来的新链接才有用：请用它连接；否则用以下命令删除该配置：%5</translation>
    </message>
    <message>
        <source>The link names the key %1 for %2, in place of %3, which was trusted before; it is remembered when the server has let this computer in.</source>
        <translation>链接为 %2 指定了密钥 %1，取代之前信任的 %3；服务器接纳这台电脑后会记住它。</translation>
    </message>
    <message>
        <source>The server says: %1</source>
        <translation>服务器说：%1</translation>
    </message>
    <message>
        <source>Remembered as the profile %1; connect again with: %2</source>
        <translation>已记为配置 %1；再次连接请用：%2</translation>
    </message>
    <message>
        <source>There is no profile %1, and no other one: connect with a link first.</source>
        <translation>没有配置 %1，也没有其他配置：请先用链接连接。</translation>
    </message>
    <message>
        <source>There is no profile %1: choose one of %2.</source>
        <translation>没有配置 %1：请从 %2 中选择。</translation>
    </message>
    <message>
        <source>Could not use a profile: %1; bring this program to that version.</source>
        <translation>无法使用一个配置：%1；请把本程序升级到那个版本。</translation>
    </message>
    <message>
        <source>Could not use the profiles: %1; name another place with --state-dir.</source>
        <translation>无法使用配置：%1；请用 --state-dir 指定另一个位置。</translation>
    </message>
    <message>
        <source>Could not use a profile: %1; correct its owner and its permissions.</source>
        <translation>无法使用一个配置：%1；请更正其所有者和权限。</translation>
    </message>
    <message>
        <source>Could not use a profile: %1; mend or remove what is named here.</source>
        <translation>无法使用一个配置：%1；请修复或移除此处所指的内容。</translation>
    </message>
    <message>
        <source>Something has to be given here.</source>
        <translation>这里必须填写。</translation>
    </message>
    <message numerus="yes">
        <source>This is too long: at most %n byte(s) fit.</source>
        <translation>
            <numerusform>太长了：最多 %n 字节。</numerusform>
        </translation>
    </message>
    <message>
        <source>This has a character that can&apos;t be shown.</source>
        <translation>其中有无法显示的字符。</translation>
    </message>
    <message>
        <source>This begins or ends with a blank.</source>
        <translation>开头或结尾有空格。</translation>
    </message>
    <message>
        <source>This is neither a host name nor an IP address.</source>
        <translation>这既不是主机名也不是 IP 地址。</translation>
    </message>
    <message>
        <source>The port has a field of its own.</source>
        <translation>端口请填在它自己的栏里。</translation>
    </message>
    <message>
        <source>A port is a number from 1 to 65535.</source>
        <translation>端口是 1 到 65535 的数字。</translation>
    </message>
    <message>
        <source>A key has 43 letters, digits, - and _: copy all of it.</source>
        <translation>密钥有 43 个字母、数字、- 和 _：请完整复制。</translation>
    </message>
    <message>
        <source>%1 is no network: write it like 192.168.1.0/24.</source>
        <translation>%1 不是网络：请写成 192.168.1.0/24 这样。</translation>
    </message>
    <message>
        <source>%1 is a single computer: its network is %2.</source>
        <translation>%1 是单台电脑：它的网络是 %2。</translation>
    </message>
    <message>
        <source>%1 is a network that no tunnel may take.</source>
        <translation>%1 是任何隧道都不能占用的网络。</translation>
    </message>
    <message>
        <source>Write either none, or the networks that you want.</source>
        <translation>请写 none，或者写您想要的网络。</translation>
    </message>
    <message numerus="yes">
        <source>These are too many: fewer than %n network(s) fit.</source>
        <translation>
            <numerusform>太多了：必须少于 %n 个网络。</numerusform>
        </translation>
    </message>
    <message>
        <source>The profile %1 is connected by %2 already: disconnect it there first.</source>
        <translation>配置 %1 已由 %2 连接：请先在那里断开。</translation>
    </message>
    <message>
        <source>Could not make sure that nothing else connects the profile %1: %2; correct what is named here.</source>
        <translation>无法确定没有其他程序在连接配置 %1：%2；请更正此处所指的内容。</translation>
    </message>
    <message>
        <source>There is no keyring to be had (%1): passwords are not remembered and will be asked for.</source>
        <translation>没有可用的密钥环（%1）：不会记住密码，需要时会询问。</translation>
    </message>
    <message>
        <source>The keyring is locked or does not answer (%1): passwords are not remembered and will be asked for.</source>
        <translation>密钥环已锁定或没有应答（%1）：不会记住密码，需要时会询问。</translation>
    </message>
    <message>
        <source>Did not connect: this computer&apos;s key for the profile %1 is in the keyring, which does not give it (%2); unlock the keyring and connect again, or ask the server&apos;s administrator for a new link if it is gone.</source>
        <translation>没有连接：这台电脑用于配置 %1 的密钥在密钥环中，但密钥环没有给出（%2）；请解锁密钥环后重新连接，如果密钥已丢失，请向服务器管理员索取新链接。</translation>
    </message>
    <message>
        <source>The password could not be kept in the keyring: %1; it will be asked for again.</source>
        <translation>密码无法存入密钥环：%1；下次会再次询问。</translation>
    </message>
    <message>
        <source>Left out of the imported profile, since they are public networks: %1; add those that you want.</source>
        <translation>因为是公共网络而未导入：%1；请添加您想要的。</translation>
    </message>
    <message>
        <source>The server&apos;s key could not be remembered: %1.</source>
        <translation>无法记住服务器的密钥：%1。</translation>
    </message>
    <message>
        <source>Did not connect to %1: the profile names the key %2, but the one trusted for this server is %3; if the server has a new key, only a new link from its administrator helps.</source>
        <translation>没有连接到 %1：配置指定的密钥是 %2，但为这台服务器信任的是 %3；如果服务器换了新密钥，只有管理员发来的新链接才有用。</translation>
    </message>
    <message>
        <source>Could not choose a state directory: %1; name one with --state-dir.</source>
        <translation>无法选择状态目录：%1；请用 --state-dir 指定一个。</translation>
    </message>
    <message>
        <source>mend or remove what is named here</source>
        <translation>请修复或移除此处所指的内容</translation>
    </message>
    <message>
        <source>correct its permissions</source>
        <translation>请更正其权限</translation>
    </message>
    <message>
        <source>Could not use the state directory %1: %2; %3 or choose another with --state-dir.</source>
        <translation>无法使用状态目录 %1：%2；%3，或用 --state-dir 选择另一个。</translation>
    </message>
    <message>
        <source>--tun %1: an interface of that name exists; choose another name, or none to get a free one.</source>
        <translation>--tun %1：已有同名接口；请选择另一个名称，或者不指定以得到空闲的名称。</translation>
    </message>
    <message>
        <source>WARNING: --v1 is on: nothing is encrypted or authenticated. Everybody on the way to %1 can read and change what is sent, and the server may be anybody.</source>
        <translation>警告：已启用 --v1：没有任何加密和身份验证。通往 %1 途中的任何人都能读取和篡改发送的内容，服务器也可能是任何人。</translation>
    </message>
    <message>
        <source>look at the system&apos;s log for gvpn-helper</source>
        <translation>请查看系统日志中 gvpn-helper 的记录</translation>
    </message>
    <message>
        <source>install gvpn-helper, or run it with sudo</source>
        <translation>请安装 gvpn-helper，或用 sudo 运行</translation>
    </message>
    <message>
        <source>connect from a session at this computer&apos;s own screen, or run it with sudo</source>
        <translation>请在这台电脑自己的屏幕会话中连接，或用 sudo 运行</translation>
    </message>
    <message>
        <source>connect again and type an administrator&apos;s password</source>
        <translation>请重新连接并输入管理员密码</translation>
    </message>
    <message>
        <source>ask this computer&apos;s administrator, or run it with sudo</source>
        <translation>请询问这台电脑的管理员，或用 sudo 运行</translation>
    </message>
    <message>
        <source>install polkit, or run it with sudo</source>
        <translation>请安装 polkit，或用 sudo 运行</translation>
    </message>
    <message>
        <source>disconnect one of them first</source>
        <translation>请先断开其中一个</translation>
    </message>
    <message>
        <source>The resolver %1 of the server is not used: no accepted route leads to it, so it would be asked outside of the tunnel.</source>
        <translation>服务器的解析器 %1 未使用：没有已接受的路由通向它，查询会在隧道之外进行。</translation>
    </message>
    <message>
        <source>The resolvers %1 of the server are not used: it names no domain to ask them for; its administrator can, with --dns-domain.</source>
        <translation>服务器的解析器 %1 未使用：它没有指明要查询的域名；其管理员可以用 --dns-domain 指明。</translation>
    </message>
    <message>
        <source>Names of %1 are not resolved at the office: not set: no systemd-resolved; use addresses there, or install and start systemd-resolved.</source>
        <translation>不在办公室解析 %1 下的名称：未设置：没有 systemd-resolved；请在那里使用地址，或安装并启动 systemd-resolved。</translation>
    </message>
    <message>
        <source>Names of %1 are not resolved at the office: not set: %2; use addresses there.</source>
        <translation>不在办公室解析 %1 下的名称：未设置：%2；请在那里使用地址。</translation>
    </message>
    <message>
        <source>%1 is no domain: write it like office.example.</source>
        <translation>%1 不是域名：请写成 office.example 这样的形式。</translation>
    </message>
    <message numerus="yes">
        <source>These are too many: at most %n domain(s) fit.</source>
        <translation>
            <numerusform>太多了：最多 %n 个域名。</numerusform>
        </translation>
    </message>
    <message>
        <source>The server of the profile %1 now also gives access to %2; if you did not expect that, ask its administrator.</source>
        <translation>配置 %1 的服务器现在还提供对 %2 的访问；如果这出乎您的意料，请询问其管理员。</translation>
    </message>
    <message>
        <source>--tun %1: without root rights gvpn-helper opens the interface and chooses its name; leave --tun out, or run it with sudo.</source>
        <translation>--tun %1：没有 root 权限时由 gvpn-helper 打开接口并选择名称；请去掉 --tun，或用 sudo 运行。</translation>
    </message>
    <message>
        <source>Did not connect to %1: the profile names the key %2, but the one trusted for this server is %3, which the profile %4 has; if the server&apos;s administrator says that it has a new key, delete that profile and connect again.</source>
        <translation>没有连接 %1：配置中的密钥是 %2，但对这台服务器信任的密钥是 %3，它属于配置 %4；如果服务器管理员说密钥已更换，请删除那个配置再连接。</translation>
    </message>
    <message>
        <source>install gvpn-helper</source>
        <translation>请安装 gvpn-helper</translation>
    </message>
    <message>
        <source>connect from a session at this computer&apos;s own screen</source>
        <translation>请在这台电脑自己屏幕上的会话中连接</translation>
    </message>
    <message>
        <source>ask this computer&apos;s administrator</source>
        <translation>请询问这台电脑的管理员</translation>
    </message>
    <message>
        <source>install polkit</source>
        <translation>请安装 polkit</translation>
    </message>
    <message>
        <source>make sure that gvpn-helper is installed, or ask this computer&apos;s administrator</source>
        <translation>请确认已安装 gvpn-helper，或询问这台电脑的管理员</translation>
    </message>
    <message>
        <source>if the server&apos;s administrator confirms it, name this network in the profile</source>
        <translation>如果服务器管理员确认，请在配置中写明这个网络</translation>
    </message>
    <message>
        <source>ask the server&apos;s administrator</source>
        <translation>请询问服务器管理员</translation>
    </message>
    <message>
        <source>compare it with what the server shows, then give it to the profile as its fingerprint</source>
        <translation>请与服务器显示的密钥核对，然后作为指纹写入配置</translation>
    </message>
    <message>
        <source>The route %1 is not used: the profile leaves it out.</source>
        <translation>未使用路由 %1：配置中没有接受它。</translation>
    </message>
    <message>
        <source>The route %1 is not used: it is a public network; name it in the profile to use it.</source>
        <translation>未使用路由 %1：这是公共网络；要使用它，请在配置中写明。</translation>
    </message>
    <message>
        <source>Could not use the profiles: %1; correct what is named here.</source>
        <translation>无法使用配置：%1；请改正这里所说的问题。</translation>
    </message>
    <message>
        <source>Could not use the state directory %1: %2; %3.</source>
        <translation>无法使用状态目录 %1：%2；%3。</translation>
    </message>
    <message>
        <source>Names of %1 are not resolved at the office: this domain is not one office&apos;s alone; add it to the profile&apos;s domains to have them asked there.</source>
        <translation>不在办公室解析 %1 下的名称：这个域名并非某一个办公室独有；如需在那里查询，请把它加入配置的域名。</translation>
    </message>
    <message>
        <source>Names of %1 are not resolved at the office: this domain is not one office&apos;s alone; name it with --accept-domain %1 to have them asked there.</source>
        <translation>不在办公室解析 %1 下的名称：这个域名并非某一个办公室独有；如需在那里查询，请使用 --accept-domain %1 指定它。</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::Application</name>
    <message>
        <source>This desktop shows no tray icons, so gvpn works as a window. To get a tray: on GNOME install the extension “AppIndicator”, elsewhere add a “status tray” to a panel.</source>
        <translation>这个桌面不显示托盘图标，所以 gvpn 以窗口方式运行。要使用托盘：在 GNOME 上安装“AppIndicator”扩展，在其他桌面上把“状态托盘”添加到面板。</translation>
    </message>
    <message>
        <source>Could not keep the settings: %1</source>
        <translation>无法保存设置：%1</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::Desk</name>
    <message>
        <source>gvpn profiles (*.json)</source>
        <translation>gvpn 配置 (*.json)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Import a profile</source>
        <translation>导入配置</translation>
    </message>
    <message>
        <source>Export %1</source>
        <translation>导出 %1</translation>
    </message>
    <message>
        <source>Written to %1, without passwords and keys.</source>
        <translation>已写入 %1，不含密码和密钥。</translation>
    </message>
    <message>
        <source>Another link came meanwhile and was ignored: answer this question first.</source>
        <translation>期间又来了一个链接，已忽略：请先回答这个问题。</translation>
    </message>
    <message>
        <source>About gvpn</source>
        <translation>关于 gvpn</translation>
    </message>
    <message>
        <source>gvpn %1</source>
        <translation>gvpn %1</translation>
    </message>
    <message>
        <source>Connects this computer to an office network through one encrypted connection.
Free software: GNU General Public License, version 3 or later.</source>
        <translation>通过一条加密连接把这台电脑接入办公室网络。
自由软件：GNU 通用公共许可证第 3 版或更高版本。</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>关闭(&amp;C)</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::LinkDialog</name>
    <message>
        <source>Add a network</source>
        <translation>添加网络</translation>
    </message>
    <message>
        <source>Link</source>
        <translation>链接</translation>
    </message>
    <message>
        <source>&amp;Next</source>
        <translation>下一步(&amp;N)</translation>
    </message>
    <message>
        <source>Add by &amp;hand …</source>
        <translation>手动添加(&amp;H)…</translation>
    </message>
    <message>
        <source>Cance&amp;l</source>
        <translation>取消(&amp;L)</translation>
    </message>
    <message>
        <source>Paste the link that you got from the network&apos;s administrator:</source>
        <translation>请粘贴网络管理员发给您的链接：</translation>
    </message>
    <message>
        <source>&amp;Paste</source>
        <translation>粘贴(&amp;P)</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::LogModel</name>
    <message>
        <source>Debug</source>
        <translation>调试</translation>
    </message>
    <message>
        <source>Information</source>
        <translation>信息</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>级别</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::LogWindow</name>
    <message>
        <source>Export the log</source>
        <translation>导出日志</translation>
    </message>
    <message>
        <source>Written without secrets to %1.</source>
        <translation>已写入 %1，不含机密。</translation>
    </message>
    <message>
        <source>Could not write %1: %2.</source>
        <translation>无法写入 %1：%2。</translation>
    </message>
    <message>
        <source>gvpn log</source>
        <translation>gvpn 日志</translation>
    </message>
    <message>
        <source>&amp;Show:</source>
        <translation>显示(&amp;S)：</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Information and warnings</source>
        <translation>信息和警告</translation>
    </message>
    <message>
        <source>Warnings</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>Only lines with this text</source>
        <translation>只显示含此文字的行</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>筛选</translation>
    </message>
    <message>
        <source>Log lines</source>
        <translation>日志行</translation>
    </message>
    <message>
        <source>&amp;Export …</source>
        <translation>导出(&amp;E)…</translation>
    </message>
    <message>
        <source>&amp;Clear</source>
        <translation>清空(&amp;C)</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::MainWindow</name>
    <message>
        <source>gvpn</source>
        <translation>gvpn</translation>
    </message>
    <message>
        <source>Profiles</source>
        <translation>配置</translation>
    </message>
    <message>
        <source>No office network yet.
Add one with the link that you got from its administrator.</source>
        <translation>还没有办公室网络。
请用管理员发给您的链接添加一个。</translation>
    </message>
    <message>
        <source>&amp;Add with a link …</source>
        <translation>用链接添加(&amp;A)…</translation>
    </message>
    <message>
        <source>&amp;Add …</source>
        <translation>添加(&amp;A)…</translation>
    </message>
    <message>
        <source>Add a network with the link that you got</source>
        <translation>用您得到的链接添加网络</translation>
    </message>
    <message>
        <source>&amp;Got it</source>
        <translation>知道了(&amp;G)</translation>
    </message>
    <message>
        <source>&amp;Profile</source>
        <translation>配置(&amp;P)</translation>
    </message>
    <message>
        <source>Add by &amp;hand …</source>
        <translation>手动添加(&amp;H)…</translation>
    </message>
    <message>
        <source>&amp;Import …</source>
        <translation>导入(&amp;I)…</translation>
    </message>
    <message>
        <source>&amp;Edit …</source>
        <translation>编辑(&amp;E)…</translation>
    </message>
    <message>
        <source>D&amp;uplicate</source>
        <translation>复制一份(&amp;U)</translation>
    </message>
    <message>
        <source>E&amp;xport …</source>
        <translation>导出(&amp;X)…</translation>
    </message>
    <message>
        <source>&amp;Delete …</source>
        <translation>删除(&amp;D)…</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Tools</source>
        <translation>工具(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Log</source>
        <translation>日志(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Settings …</source>
        <translation>设置(&amp;S)…</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;About gvpn</source>
        <translation>关于 gvpn(&amp;A)</translation>
    </message>
    <message>
        <source>Add with a &amp;link …</source>
        <translation>用链接添加(&amp;L)…</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::Notifier</name>
    <message>
        <source>Show window</source>
        <translation>显示窗口</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::PasswordDialog</name>
    <message>
        <source>&amp;Remember in keyring</source>
        <translation>记在密钥环中(&amp;R)</translation>
    </message>
    <message>
        <source>Password needed</source>
        <translation>需要密码</translation>
    </message>
    <message>
        <source>%1 did not accept that password. Try again.</source>
        <translation>%1 没有接受这个密码。请再试一次。</translation>
    </message>
    <message>
        <source>%1 asks for your password.</source>
        <translation>%1 需要您的密码。</translation>
    </message>
    <message>
        <source>There is no open keyring to keep it in</source>
        <translation>没有打开的密钥环可以保存它</translation>
    </message>
    <message>
        <source>&amp;User:</source>
        <translation>用户(&amp;U)：</translation>
    </message>
    <message>
        <source>&amp;Password:</source>
        <translation>密码(&amp;P)：</translation>
    </message>
    <message>
        <source>&amp;Connect</source>
        <translation>连接(&amp;C)</translation>
    </message>
    <message>
        <source>Cance&amp;l</source>
        <translation>取消(&amp;L)</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::ProfileDialog</name>
    <message>
        <source>Add a network by hand</source>
        <translation>手动添加网络</translation>
    </message>
    <message>
        <source>&amp;Add</source>
        <translation>添加(&amp;A)</translation>
    </message>
    <message>
        <source>Edit %1</source>
        <translation>编辑 %1</translation>
    </message>
    <message>
        <source>S&amp;ave</source>
        <translation>保存(&amp;A)</translation>
    </message>
    <message>
        <source>Cance&amp;l</source>
        <translation>取消(&amp;L)</translation>
    </message>
    <message>
        <source>There is a profile of that name already. Choose another name.</source>
        <translation>已经有同名的配置。请换一个名称。</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::ProfileForm</name>
    <message>
        <source>&amp;Name:</source>
        <translation>名称(&amp;N)：</translation>
    </message>
    <message>
        <source>Office</source>
        <translation>办公室</translation>
    </message>
    <message>
        <source>&amp;Server:</source>
        <translation>服务器(&amp;S)：</translation>
    </message>
    <message>
        <source>office.example.com</source>
        <translation>office.example.com</translation>
    </message>
    <message>
        <source>&amp;Port:</source>
        <translation>端口(&amp;P)：</translation>
    </message>
    <message>
        <source>&amp;User:</source>
        <translation>用户(&amp;U)：</translation>
    </message>
    <message>
        <source>only if the server asks for a password</source>
        <translation>仅当服务器要求密码时</translation>
    </message>
    <message>
        <source>Server&apos;s &amp;fingerprint:</source>
        <translation>服务器指纹(&amp;F)：</translation>
    </message>
    <message>
        <source>empty: you are asked at the first connection</source>
        <translation>留空：首次连接时会询问您</translation>
    </message>
    <message>
        <source>Private networks that the server names</source>
        <translation>服务器指定的私有网络</translation>
    </message>
    <message>
        <source>None</source>
        <translation>不接受</translation>
    </message>
    <message>
        <source>Only these:</source>
        <translation>只接受这些：</translation>
    </message>
    <message>
        <source>Accept net&amp;works:</source>
        <translation>接受的网络(&amp;W)：</translation>
    </message>
    <message>
        <source>Networks to accept</source>
        <translation>要接受的网络</translation>
    </message>
    <message>
        <source>for example 192.168.10.0/24, 10.1.0.0/16</source>
        <translation>例如 192.168.10.0/24, 10.1.0.0/16</translation>
    </message>
    <message>
        <source>&amp;Connect when gvpn starts</source>
        <translation>gvpn 启动时连接(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Reconnect when the connection is lost</source>
        <translation>连接中断时自动重连(&amp;R)</translation>
    </message>
    <message>
        <source>Re&amp;member the password in the keyring</source>
        <translation>把密码记在密钥环中(&amp;M)</translation>
    </message>
    <message>
        <source>Disconnect first to change this</source>
        <translation>要更改此项，请先断开</translation>
    </message>
    <message>
        <source>Ask the office for names of its own &amp;domains</source>
        <translation>向办公室查询其域名下的名称(&amp;D)</translation>
    </message>
    <message>
        <source>Als&amp;o ask it for:</source>
        <translation>另外查询(&amp;O)：</translation>
    </message>
    <message>
        <source>other domains, such as lan</source>
        <translation>其他域名，例如 lan</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::ProfileListModel</name>
    <message>
        <source>%1: %2</source>
        <translation>%1：%2</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::ProfilePage</name>
    <message>
        <source>%1:</source>
        <translation>%1：</translation>
    </message>
    <message>
        <source>C&amp;opy details</source>
        <translation>复制详情(&amp;O)</translation>
    </message>
    <message>
        <source>Progress of the connection</source>
        <translation>连接进度</translation>
    </message>
    <message>
        <source>Copies the details, so that you can send them to who helps you</source>
        <translation>复制详细信息，以便发送给帮助您的人</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::QuestionDialog</name>
    <message>
        <source>%1:</source>
        <translation>%1：</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Start gvpn when I &amp;log in</source>
        <translation>登录时启动 gvpn(&amp;L)</translation>
    </message>
    <message>
        <source>Start &amp;hidden, in the tray only</source>
        <translation>启动时隐藏，只显示在托盘中(&amp;H)</translation>
    </message>
    <message>
        <source>Show &amp;notifications</source>
        <translation>显示通知(&amp;N)</translation>
    </message>
    <message>
        <source>L&amp;anguage:</source>
        <translation>语言(&amp;A)：</translation>
    </message>
    <message>
        <source>As the system says</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>关闭(&amp;C)</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::ThroughputGraph</name>
    <message>
        <source>↓ %1</source>
        <translation>↓ %1</translation>
    </message>
    <message>
        <source>↑ %1</source>
        <translation>↑ %1</translation>
    </message>
    <message>
        <source>scale: %1</source>
        <translation>刻度：%1</translation>
    </message>
    <message>
        <source>Throughput</source>
        <translation>吞吐量</translation>
    </message>
    <message>
        <source>Now %1 received and %2 sent</source>
        <translation>当前接收 %1，发送 %2</translation>
    </message>
</context>
<context>
    <name>gvpn::gui::Tray</name>
    <message>
        <source>&amp;Show window</source>
        <translation>显示窗口(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
</context>
</TS>
