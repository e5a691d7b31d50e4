/* Holdfast for C++17: owners that close, and guards that leave, at the end of their scope.
 *
 *     using unique_file = holdfast::handle_of<&hf_type_fd>;
 *
 *     holdfast::table table(holdfast::default_options());
 *     unique_file file = unique_file::open(table.get(), hf_fd_value(fd));
 *     if (holdfast::region inside = file.enter())
 *         read(hf_value_fd(inside.value()), buffer, size);     // cannot be closed or recycled here
 *                                                              // left here, closed below
 *
 * Header only, over the C interface; what the C headers say of threads, blocking and precedence
 * holds here too.  Every class can be moved and not copied; one that was moved from is empty.
 * Nothing throws but the functions that say so, which report failure by an `error`; each has a twin
 * that answers an hf_status instead, and they are absent where exceptions are disabled.
 *
 * An object of these classes belongs to one thread at a time, like any other variable; what it
 * names, the table or the handle, may be used by all.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_HOLDFAST_HPP
#define HOLDFAST_HOLDFAST_HPP

#include <exception>
#include <optional>
#include <utility>

#include <holdfast/holdfast.h>

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
#define HF_EXCEPTIONS_ 1
#else
#define HF_EXCEPTIONS_ 0
#endif

namespace holdfast
{

/* Options with `size` set and the defaults in everything else, as HF_TABLE_OPTIONS_INIT and
 * HF_OPEN_OPTIONS_INIT are for C. */
inline hf_table_options default_options() noexcept
{
    hf_table_options options{};
    options.size = static_cast<uint32_t>(sizeof options);
    return options;
}

inline hf_open_options default_open_options() noexcept
{
    hf_open_options options{};
    options.size = static_cast<uint32_t>(sizeof options);
    return options;
}

/* A status as an exception. */
class error : public std::exception
{
  public:
    explicit error(hf_status status) noexcept : status_(status)
    {
    }

    hf_status status() const noexcept
    {
        return status_;
    }

    /* hf_status_text of the status. */
    const char *what() const noexcept override
    {
        return hf_status_text(status_);
    }

  private:
    hf_status status_;
};

#if HF_EXCEPTIONS_
/* Throws an error unless the status is HF_OK. */
inline void check(hf_status status)
{
    if (status != HF_OK)
        throw error(status);
}
#endif

/* ---- regions and references ----------------------------------------------------------------- */

/* A stay in a region, which ends with the guard.  Test it: entering may have been refused.  It
 * stays on its thread. */
class [[nodiscard]] region
{
  public:
    region() noexcept = default;

    /* Enters; `type` may be null: any.  As hf_enter. */
    region(hf_table *table, hf_handle handle, const hf_type *type = nullptr) noexcept
        : status_(hf_enter(table, handle, type, &region_))
    {
    }

    region(region &&other) noexcept
        : region_(std::exchange(other.region_, hf_region{})),
          status_(std::exchange(other.status_, HF_E_NULL_HANDLE))
    {
    }

    region &operator=(region &&other) noexcept
    {
        region(std::move(other)).swap(*this);
        return *this;
    }

    region(const region &) = delete;
    region &operator=(const region &) = delete;

    ~region()
    {
        leave();
    }

    /* Leaves now; nothing happens outside of a region. */
    void leave() noexcept
    {
        if (hf_region_entered(&region_))
            hf_leave(&region_);
    }

    /* Whether it is inside. */
    explicit operator bool() const noexcept
    {
        return hf_region_entered(&region_);
    }

    /* The raw value, valid while inside. */
    hf_value value() const noexcept
    {
        return region_.value;
    }

    /* Why it could not enter; HF_OK also after leaving; HF_E_NULL_HANDLE if it never tried. */
    hf_status status() const noexcept
    {
        return status_;
    }

    void swap(region &other) noexcept
    {
        std::swap(region_, other.region_);
        std::swap(status_, other.status_);
    }

  private:
    hf_region region_{};
    hf_status status_ = HF_E_NULL_HANDLE;
};

/* A counted reference, which is given back with the guard.  May be moved to another thread. */
class [[nodiscard]] reference
{
  public:
    reference() noexcept = default;

    /* Takes a reference.  As hf_addref. */
    reference(hf_table *table, hf_handle handle) noexcept : status_(hf_addref(table, handle, &ref_))
    {
        held_ = status_ == HF_OK;
    }

    reference(reference &&other) noexcept
        : ref_(std::exchange(other.ref_, hf_ref{})), held_(std::exchange(other.held_, false)),
          status_(std::exchange(other.status_, HF_E_NULL_HANDLE))
    {
    }

    reference &operator=(reference &&other) noexcept
    {
        reference(std::move(other)).swap(*this);
        return *this;
    }

    reference(const reference &) = delete;
    reference &operator=(const reference &) = delete;

    ~reference()
    {
        reset();
    }

    /* Gives the reference back now; nothing happens without one. */
    void reset() noexcept
    {
        if (std::exchange(held_, false))
            (void)hf_release(&ref_);
    }

    /* Whether it holds a reference. */
    explicit operator bool() const noexcept
    {
        return held_;
    }

    /* The raw value, valid while held. */
    hf_value value() const noexcept
    {
        return ref_.value;
    }

    /* Why there is no reference; HF_OK also after reset; HF_E_NULL_HANDLE if it never tried. */
    hf_status status() const noexcept
    {
        return status_;
    }

    void swap(reference &other) noexcept
    {
        std::swap(ref_, other.ref_);
        std::swap(held_, other.held_);
        std::swap(status_, other.status_);
    }

  private:
    hf_ref ref_{};
    bool held_ = false;
    hf_status status_ = HF_E_NULL_HANDLE;
};

/* ---- handles -------------------------------------------------------------------------------- */

/* Tags tell unique_handle which type its handles are of.  A tag of one's own makes handle types
 * that do not mix, though they share an hf_type:
 *
 *     struct log_tag { static const hf_type *type() noexcept { return &hf_type_fd; } };
 */
template <const hf_type *Type> struct of_type {
    static const hf_type *type() noexcept
    {
        return Type;
    }
};

/* Handles of any type.  They cannot be opened by unique_handle, only taken over. */
struct any_type {
    static const hf_type *type() noexcept
    {
        return nullptr;
    }
};

/* Owns a handle, and closes it in the end.  Must not outlive its table. */
template <class Tag> class [[nodiscard]] unique_handle
{
  public:
    unique_handle() noexcept = default;

    /* Takes over a handle of the tag's type that was opened by other means. */
    unique_handle(hf_table *table, hf_handle handle) noexcept : table_(table), handle_(handle)
    {
    }

    unique_handle(unique_handle &&other) noexcept
        : table_(std::exchange(other.table_, nullptr)),
          handle_(std::exchange(other.handle_, hf_handle{}))
    {
    }

    unique_handle &operator=(unique_handle &&other) noexcept
    {
        unique_handle(std::move(other)).swap(*this);
        return *this;
    }

    unique_handle(const unique_handle &) = delete;
    unique_handle &operator=(const unique_handle &) = delete;

    /* Closes the handle, if there is one.  What became of the value is told by close() only. */
    ~unique_handle()
    {
        reset();
    }

    /* Puts a value under the table's protection.  On failure the result is empty, and the caller
     * still owns the value.  As hf_open. */
    static unique_handle open(hf_table *table, hf_value value, hf_status &status,
                              const hf_open_options *options = nullptr) noexcept
    {
        hf_handle handle{};
        status = hf_open(table, Tag::type(), value, options, &handle);
        return status == HF_OK ? unique_handle(table, handle) : unique_handle();
    }

#if HF_EXCEPTIONS_
    /* The same; throws an error. */
    static unique_handle open(hf_table *table, hf_value value,
                              const hf_open_options *options = nullptr)
    {
        hf_status status;
        unique_handle opened = open(table, value, status, options);
        check(status);
        return opened;
    }
#endif

    /* Closes; the last holder releases the value.  Empty afterwards, unless the handle was left as
     * it was (HF_E_BUSY).  HF_E_NULL_HANDLE if it was empty.  As hf_close. */
    hf_status close(hf_close_result *result = nullptr) noexcept
    {
        return forget_if_spent(hf_close(table_, handle_, result));
    }

    /* Closes and waits until nothing holds the handle.  After HF_E_TIMED_OUT it is empty as well:
     * who wants to hf_wait keeps a copy of get().  After HF_E_POSSIBLE_DEADLOCK nothing has
     * changed.  As hf_close_wait. */
    [[nodiscard]] hf_status close_wait(hf_timeout timeout = HF_FOREVER,
                                       hf_close_result *result = nullptr) noexcept
    {
        return forget_if_spent(hf_close_wait(table_, handle_, timeout, result));
    }

    /* Closes; `then` is called once the value is released, by this very call if nothing holds the
     * handle, else by the last holder.  As hf_close_then. */
    [[nodiscard]] hf_status close_then(hf_completion then, void *context) noexcept
    {
        return forget_if_spent(hf_close_then(table_, handle_, then, context));
    }

    /* Takes the value out of the table, unreleased; on success the caller owns it and this is
     * empty. As hf_detach. */
    [[nodiscard]] hf_status detach(hf_value &value) noexcept
    {
        return forget_if_spent(hf_detach(table_, handle_, &value));
    }

    /* A handle of a second value for the same thing, in this table or another.  As hf_duplicate. */
    unique_handle duplicate(hf_table *to, hf_status &status) const noexcept
    {
        hf_handle copy{};
        status = hf_duplicate(table_, handle_, to, &copy);
        return status == HF_OK ? unique_handle(to, copy) : unique_handle();
    }

    /* Enters a region.  As hf_enter, with the tag's type. */
    holdfast::region enter() const noexcept
    {
        return holdfast::region(table_, handle_, Tag::type());
    }

    /* Takes a reference.  As hf_addref. */
    holdfast::reference addref() const noexcept
    {
        return holdfast::reference(table_, handle_);
    }

    /* Gives up ownership: the caller closes. */
    [[nodiscard]] hf_handle release() noexcept
    {
        table_ = nullptr;
        return std::exchange(handle_, hf_handle{});
    }

    /* Closes the handle, if there is one. */
    void reset() noexcept
    {
        hf_table *table = table_;
        hf_handle handle = release();
        if (!hf_handle_is_null(handle))
            (void)hf_close(table, handle, nullptr);
    }

    hf_handle get() const noexcept
    {
        return handle_;
    }

    hf_table *table() const noexcept
    {
        return table_;
    }

    /* Whether it owns a handle. */
    explicit operator bool() const noexcept
    {
        return !hf_handle_is_null(handle_);
    }

    void swap(unique_handle &other) noexcept
    {
        std::swap(table_, other.table_);
        std::swap(handle_, other.handle_);
    }

  private:
    /* Whether the handle is of no more use after an operation that ends it: it was closed just now
     * or before, or never was one.  Closing it again would be a second finding. */
    static bool is_spent(hf_status status) noexcept
    {
        return status == HF_OK || status == HF_E_TIMED_OUT || status == HF_E_STALE_HANDLE ||
               status == HF_E_CLOSING || status == HF_E_FOREIGN_HANDLE ||
               status == HF_E_FORGED_HANDLE;
    }

    hf_status forget_if_spent(hf_status status) noexcept
    {
        if (is_spent(status))
            (void)release();
        return status;
    }

    hf_table *table_ = nullptr;
    hf_handle handle_{};
};

/* handle_of<&hf_type_fd>: handles of one type. */
template <const hf_type *Type> using handle_of = unique_handle<of_type<Type>>;

/* ---- callbacks ------------------------------------------------------------------------------ */

#if HF_EXCEPTIONS_
/* Calls function(value, self) inside a region of the handle; `type` may be null: any.  What the
 * function throws is thrown on when the region is left and the after-return actions are done.
 * As hf_dispatch. */
template <class Function>
hf_status dispatch(hf_table *table, hf_handle handle, const hf_type *type, Function &&function)
{
    struct call {
        Function &function;
        std::exception_ptr thrown;
    } now{function, nullptr};
    hf_status status = hf_dispatch(
        table, handle, type,
        [](hf_value value, void *argument, hf_callback *self) {
            call *inner = static_cast<call *>(argument);
            try {
                inner->function(value, self);
            } catch (...) {
                inner->thrown = std::current_exception();
            }
        },
        &now);
    if (now.thrown)
        std::rethrow_exception(now.thrown);
    return status;
}
#endif

/* ---- tables --------------------------------------------------------------------------------- */

/* Owns a table, and destroys it in the end, when no other thread may be inside a call on it. */
class table
{
  public:
    table() noexcept = default;

    /* Makes a table; empty on failure.  As hf_table_create. */
    table(const hf_table_options &options, hf_status &status) noexcept
    {
        status = hf_table_create(&options, &table_);
    }

#if HF_EXCEPTIONS_
    /* The same; throws an error. */
    explicit table(const hf_table_options &options)
    {
        check(hf_table_create(&options, &table_));
    }
#endif

    /* Makes a table, or nothing. */
    static std::optional<table> create(const hf_table_options &options = default_options()) noexcept
    {
        hf_status status;
        table made(options, status);
        return status == HF_OK ? std::optional<table>(std::move(made)) : std::nullopt;
    }

    table(table &&other) noexcept : table_(std::exchange(other.table_, nullptr))
    {
    }

    table &operator=(table &&other) noexcept
    {
        table(std::move(other)).swap(*this);
        return *this;
    }

    table(const table &) = delete;
    table &operator=(const table &) = delete;

    ~table()
    {
        hf_table_destroy(table_);
    }

    /* Closes every handle and waits.  As hf_table_shutdown. */
    [[nodiscard]] hf_status shutdown(hf_timeout timeout = HF_FOREVER) noexcept
    {
        return hf_table_shutdown(table_, timeout);
    }

    /* As hf_table_get_stats; all 0 for an empty table. */
    hf_table_stats stats() const noexcept
    {
        hf_table_stats figures{};
        figures.size = static_cast<uint32_t>(sizeof figures);
        (void)hf_table_get_stats(table_, &figures);
        return figures;
    }

    hf_table *get() const noexcept
    {
        return table_;
    }

    explicit operator bool() const noexcept
    {
        return table_ != nullptr;
    }

    void swap(table &other) noexcept
    {
        std::swap(table_, other.table_);
    }

  private:
    hf_table *table_ = nullptr;
};

} // namespace holdfast

#undef HF_EXCEPTIONS_

#endif
