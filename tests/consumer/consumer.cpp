// A user's C++17 program: a value of his own type, used and closed through the C interface.
#include <holdfast/holdfast.h>

#include <cstdio>

namespace
{

int releases;

hf_outcome release_number(hf_value, void *, int32_t *)
{
    ++releases;
    return HF_OUTCOME_RELEASED;
}

hf_type number_type()
{
    hf_type type{};
    type.size = sizeof type;
    type.name = "number";
    type.release = release_number;
    return type;
}

const hf_type number = number_type();

bool use(hf_table *table)
{
    hf_handle handle;
    if (hf_open(table, &number, 42, nullptr, &handle) != HF_OK)
        return false;
    hf_region region;
    if (hf_enter(table, handle, &number, &region) != HF_OK)
        return false;
    const bool right = region.value == 42;
    hf_leave(&region);
    return hf_close(table, handle, nullptr) == HF_OK && right && releases == 1 &&
           !hf_is_live(table, handle);
}

} // namespace

int main()
{
    hf_table *table;
    if (hf_table_create(nullptr, &table) != HF_OK)
        return 1;
    const bool right = use(table);
    hf_table_destroy(table);
    if (!right)
        std::fprintf(stderr, "consumer: the value was not guarded\n");
    return right ? 0 : 1;
}
