/* The texts of statuses, and the version. */
#include <holdfast/status.h>

#define TEXT(text)  #text
#define VALUE(text) TEXT(text)

const char *hf_version(void)
{
    return VALUE(HF_VERSION_MAJOR) "." VALUE(HF_VERSION_MINOR) "." VALUE(HF_VERSION_PATCH);
}

const char *hf_status_text(hf_status status)
{
    switch (status) {
#define STATUS_TEXT(name, number, text) \
    case name:                          \
        return text;
        HF_STATUSES(STATUS_TEXT)
#undef STATUS_TEXT
    case HF_STATUS_COUNT:
        break;
    }
    return "unknown status";
}

const char *hf_status_name(hf_status status)
{
    switch (status) {
#define STATUS_NAME(name, number, text) \
    case name:                          \
        return #name;
        HF_STATUSES(STATUS_NAME)
#undef STATUS_NAME
    case HF_STATUS_COUNT:
        break;
    }
    return "unknown status";
}
