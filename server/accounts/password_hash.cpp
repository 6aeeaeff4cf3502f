#include "accounts/password_hash.h"

#include <array>
#include <charconv>
#include <optional>
#include <span>

#include <sodium.h>

namespace gvpn::accounts {

namespace {

using Salt = std::array<unsigned char, crypto_pwhash_SALTBYTES>;
using Digest = std::array<unsigned char, 32>;  // of the hashes that crypto_pwhash_str() makes

/// What a stored hash says. It is taken apart because libsodium's own check of the string (1.0.18) can't tell a lack of
/// memory from a wrong password.
struct StoredHash {
    HashCost cost;
    Salt salt{};
    Digest digest{};
};

Result<void> startLibrary()
{
    if (::sodium_init() < 0)
        return fail(ErrorCode::SystemFailure, "libsodium does not start");
    return {};
}

std::string beginningOf(const HashCost& cost)
{
    return "$argon2id$v=19$m=" + std::to_string(cost.memoryBytes / 1024) + ",t=" + std::to_string(cost.operations)
           + ",p=1$";
}

/// The number that follows `name`, up to the first character that is no digit. 0: there is none.
std::uint32_t numberAfter(const std::string& text, std::string_view name)
{
    std::uint32_t number = 0;
    if (const std::size_t start = text.find(name); start != std::string::npos)
        std::from_chars(text.data() + start + name.size(), text.data() + text.size(), number);
    return number;
}

bool decode(std::string_view text, std::span<unsigned char> into)
{
    std::size_t length = 0;
    return ::sodium_base642bin(into.data(), into.size(), text.data(), text.size(), nullptr, &length, nullptr,
                               sodium_base64_VARIANT_ORIGINAL_NO_PADDING)
               == 0
           && length == into.size();
}

std::optional<StoredHash> parse(const std::string& hash)
{
    StoredHash stored;
    stored.cost = {.operations = numberAfter(hash, ",t="), .memoryBytes = std::size_t{numberAfter(hash, "$m=")} * 1024};
    const std::string beginning = beginningOf(stored.cost);
    const std::size_t divider = hash.rfind('$');
    if (!hash.starts_with(beginning) || divider < beginning.size())
        return std::nullopt;
    const std::string_view salt = std::string_view(hash).substr(beginning.size(), divider - beginning.size());
    if (!decode(salt, stored.salt) || !decode(std::string_view(hash).substr(divider + 1), stored.digest))
        return std::nullopt;
    return stored;
}

Result<Digest> digestOf(const SharedSecret& password, const Salt& salt, const HashCost& cost)
{
    // No bytes have no address, which libsodium doesn't take.
    const std::string_view text = password.isEmpty() ? std::string_view("") : asText(password.view());
    Digest digest{};
    if (::crypto_pwhash(digest.data(), digest.size(), text.data(), text.size(), salt.data(), cost.operations,
                        cost.memoryBytes, crypto_pwhash_ALG_ARGON2ID13)
        != 0)
        return fail(ErrorCode::SystemFailure, "there is not enough memory to check a password");
    return digest;
}

}  // namespace

Result<std::string> hashPassword(const SharedSecret& password, const HashCost& cost)
{
    const std::string_view text = asText(password.view());
    if (text.empty())
        return fail(ErrorCode::InvalidArgument, "a password can't be empty");
    if (text.size() > MaxPasswordBytes)
        return fail(ErrorCode::InvalidArgument,
                    "a password has at most " + std::to_string(MaxPasswordBytes) + " bytes");
    if (auto started = startLibrary(); !started)
        return fail(started.error());
    std::array<char, crypto_pwhash_STRBYTES> hash{};
    if (::crypto_pwhash_str(hash.data(), text.data(), text.size(), cost.operations, cost.memoryBytes) != 0)
        return fail(ErrorCode::SystemFailure, "there is not enough memory to hash a password");
    return std::string(hash.data());
}

bool isPasswordHash(const std::string& hash, const HashCost& cost)
{
    return parse(hash) && hash.starts_with(beginningOf(cost));
}

Result<bool> verifyPassword(const SharedSecret& password, const std::string& hash, const HashCost& cost)
{
    if (auto started = startLibrary(); !started)
        return fail(started.error());
    if (hash.empty()) {
        Salt salt{};
        ::randombytes_buf(salt.data(), salt.size());
        const auto ignored = digestOf(password, salt, cost);
        return ignored ? Result<bool>(false) : fail(ignored.error());
    }
    // Its own cost: a password stays right when the cost of new hashes changes.
    const auto stored = parse(hash);
    if (!stored)
        return fail(ErrorCode::SystemFailure, "the stored password hash is damaged");
    const auto digest = digestOf(password, stored->salt, stored->cost);
    if (!digest)
        return fail(digest.error());
    return ::sodium_memcmp(digest->data(), stored->digest.data(), digest->size()) == 0;
}

}  // namespace gvpn::accounts
